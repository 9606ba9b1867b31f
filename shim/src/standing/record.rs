//! What is remembered of a thread and told to those who ask, and not applied to the OS
//! thread that it runs on: what another thread has set for it, its timer slack, its processors,
//! and what it has asked for at its parent's death.
//!
//! A thread that is made has its creator's.

use crate::doorway::Shim;
use crate::thread::lent_priority::Lent;
use hub::greenlet::Greenlet;

/// Extension word: null, or the boxed record.
const WORD: usize = 2;

/// A set of processors, as the kernel has it.
pub type Mask = [u8; 128];

/// What is remembered of a greenlet.
struct Kept {
    told: Told,
    /// See [`lent_priority`](crate::thread::lent_priority).
    lent: Lent,
}

/// What is told. Nothing is known of what is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// sched_setaffinity(2).
    pub processors: Option<Mask>,
    /// The nice value that another thread gave it.
    pub nice: Option<i32>,
    /// The I/O priority that another thread gave it.
    pub io_priority: Option<i32>,
    /// PR_SET_TIMERSLACK.
    pub slack: Option<Slack>,
    /// PR_SET_PDEATHSIG, which is not handed on.
    pub death: Option<i32>,
}

/// A timer slack (nanoseconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slack {
    /// The present one.
    pub now: u64,
    /// What 0 goes back to.
    pub default: u64,
}

/// What is kept of the caller, or of one that cannot run meanwhile: with the hub, or by
/// itself.
#[allow(clippy::mut_from_ref)]
fn kept(g: &Greenlet) -> &mut Kept {
    let word = &g.extension[WORD];
    if word.get() == 0 {
        let new = Kept { told: Told::default(), lent: Lent::NONE };
        word.set(Box::into_raw(Box::new(new)) as usize);
    }
    // SAFETY: boxed above, never replaced while the greenlet lives; nobody else looks at it
    // now.
    unsafe { &mut *(word.get() as *mut Kept) }
}

/// The priorities that are lent to `g`, which is the caller.
#[allow(clippy::mut_from_ref)]
pub fn lent(g: &Greenlet) -> &mut Lent {
    &mut kept(g).lent
}

/// The processors that `g` is said to have. With the hub.
pub fn processors(g: &Greenlet) -> Option<Mask> {
    known(g).and_then(|kept| kept.told.processors)
}

/// As above; `g` is the caller, or cannot run meanwhile.
pub fn set_processors(g: &Greenlet, mask: Mask) {
    kept(g).told.processors = Some(mask);
}

/// What is told of `g`. The caller is in our code, as the guard shows.
pub fn of(_inside: &Shim, g: &Greenlet) -> Told {
    known(g).map(|kept| kept.told.clone()).unwrap_or_default()
}

/// Whether anything is. `g` is the caller, or the caller has the hub.
pub fn is_kept(g: &Greenlet) -> bool {
    g.extension[WORD].get() != 0
}

fn known(g: &Greenlet) -> Option<&Kept> {
    is_kept(g).then(|| &*kept(g))
}

/// Change what is told of `g`.
pub fn update(_inside: &Shim, g: &Greenlet, change: impl FnOnce(&mut Told)) {
    change(&mut kept(g).told);
}

/// [`update`], if anything is remembered.
pub fn update_known(inside: &Shim, g: &Greenlet, change: impl FnOnce(&mut Told)) {
    if known(g).is_some() {
        update(inside, g, change);
    }
}

/// Callback of the hub: a greenlet is made. Its creator has the hub.
pub fn thread_made(creator: &Greenlet, new: &Greenlet) {
    if let Some(told) = known(creator).map(|kept| &kept.told).filter(|t| **t != Told::default()) {
        let mut told = told.clone();
        inherited(&mut told);
        kept(new).told = told;
    }
}

fn inherited(told: &mut Told) {
    told.death = None;
    if let Some(slack) = &mut told.slack {
        slack.default = slack.now;
    }
}

/// In the child of a fork `g` is the only thread.
pub fn after_fork(g: &Greenlet) {
    if known(g).is_some() {
        let told = &mut kept(g).told;
        inherited(told);
        super::timer_slack::apply(told);
    }
}

/// The thread has ended.
pub fn ended(g: &Greenlet) {
    let old = g.extension[WORD].replace(0) as *mut Kept;
    if !old.is_null() {
        // SAFETY: boxed by `kept`.
        drop(unsafe { Box::from_raw(old) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_thread_goes_back_to_what_its_creator_has() {
        let (creator, new) = (Greenlet::new(), Greenlet::new());
        thread_made(&creator, &new);
        assert!(known(&new).is_none(), "nothing is kept of most threads");
        kept(&creator).told = Told {
            slack: Some(Slack { now: 7, default: 50_000 }),
            nice: Some(3),
            ..Told::default()
        };
        thread_made(&creator, &new);
        let told = &kept(&new).told;
        assert_eq!((told.slack, told.nice), (Some(Slack { now: 7, default: 7 }), Some(3)));
        ended(&creator);
        ended(&new);
    }
}
