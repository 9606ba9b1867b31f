//! The priorities that mutexes with a ceiling lend to the thread that holds them.
//!
//! Natively a thread runs with the highest ceiling of those that it holds, and whether it may
//! is the kernel's answer to lock(3p). Greenlets have no priorities among themselves
//! ([`scheduling`](super::scheduling)), so only the answer is needed. It is given as libc's
//! functions come to it, also after mistakes: the kernel is asked when the highest ceiling
//! changes, and one that it has refused counts as lent.

use super::scheduling;
use core::ffi::c_int;
use hub::greenlet::Greenlet;

/// The priorities of real-time policies.
pub const PRIORITIES: core::ops::RangeInclusive<c_int> = 1..=99;

/// How often each priority is lent to a thread.
pub struct Lent {
    count: [u32; 100],
    highest: c_int,
}

impl Lent {
    /// None.
    pub const NONE: Lent = Lent { count: [0; 100], highest: 0 };

    /// Lend one, take one back; EAGAIN, or what `ask` says of the new priority: the highest
    /// that is lent, where that has changed.
    fn change(
        &mut self,
        back: Option<c_int>,
        new: Option<c_int>,
        ask: impl FnOnce(c_int, c_int) -> c_int,
    ) -> c_int {
        let mut highest = self.highest;
        if let Some(new) = new {
            let count = &mut self.count[new as usize];
            if *count == u32::MAX {
                return libc::EAGAIN;
            }
            *count += 1;
            highest = highest.max(new);
        }
        if let Some(back) = back {
            let count = &mut self.count[back as usize];
            *count = count.wrapping_sub(1);
            if *count == 0 && self.highest == back && new.is_none_or(|new| back > new) {
                let below = (1..back).rev().find(|&p| self.count[p as usize] != 0);
                highest = below.unwrap_or(0).max(new.unwrap_or(0));
            }
        }
        let before = core::mem::replace(&mut self.highest, highest);
        if before == highest {
            return 0;
        }
        ask(before, highest)
    }
}

/// The caller's own priority, without what is lent; `None`: an OS thread that is no greenlet.
pub fn own() -> Option<c_int> {
    Greenlet::current().map(|g| scheduling::param_of(g).1)
}

/// The ceiling `back` is not held any more, `new` is: an error number.
pub fn change(back: Option<c_int>, new: Option<c_int>) -> c_int {
    // What an OS thread of libc's may do nobody can tell here: it is let in.
    let Some(me) = Greenlet::current() else { return 0 };
    let (policy, own) = scheduling::param_of(me);
    scheduling::lent(me).change(back, new, |before, highest| {
        if own >= highest && own >= before {
            return 0;
        }
        let wanted = own.max(highest);
        // A priority can be lowered without any privilege.
        match scheduling::check(policy, wanted) {
            libc::EPERM if wanted <= own.max(before) => 0,
            answer => answer,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(_: c_int, _: c_int) -> c_int {
        0
    }

    #[test]
    fn the_highest_counts() {
        let mut lent = Lent::NONE;
        assert_eq!(lent.change(None, Some(5), |_, new| new), 5);
        assert_eq!(lent.change(None, Some(9), |_, new| new), 9);
        assert_eq!(lent.change(None, Some(5), |_, _| -1), 0, "nothing to ask");
        assert_eq!(lent.change(Some(9), None, |before, new| before * 100 + new), 905);
        assert_eq!(lent.change(Some(5), None, |_, _| -1), 0);
        assert_eq!(lent.change(Some(5), Some(3), |_, new| new), 3);
        assert_eq!(lent.change(Some(3), None, |before, new| before * 100 + new), 300);
    }

    #[test]
    fn a_refusal_counts_as_lent() {
        let mut lent = Lent::NONE;
        assert_eq!(lent.change(None, Some(5), |_, _| libc::EINVAL), libc::EINVAL);
        assert_eq!(lent.change(None, Some(5), |_, _| libc::EINVAL), 0);
    }

    #[test]
    fn one_that_was_not_lent_is_taken_back() {
        let mut lent = Lent::NONE;
        assert_eq!(lent.change(Some(5), None, allowed), 0);
        assert_eq!(lent.change(None, Some(5), allowed), libc::EAGAIN);
    }
}
