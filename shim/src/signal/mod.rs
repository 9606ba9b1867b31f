//! Patch group `signal`: handlers, masks and waits for signals.
//!
//! To the kernel all greenlets of a carrier are one thread, so three things
//! that it keeps per thread are kept here: the mask, signals sent to one
//! thread, and the choice of the thread that runs a handler.
//!
//! * [`action`]: the program's handlers. The kernel is given one of ours.
//! * [`deliver`]: where a handler runs. In program code at once; elsewhere the
//!   signal is noted and its handler runs on a greenlet that does not block
//!   it, before that greenlet goes on in program code.
//! * [`pending`], [`first_thread`]: what was noted; why the first thread hears of it in any case.
//! * [`first_pending`]: what waited for the first thread before there was a second one.
//! * [`continued`]: calls that end after SIGSTOP and SIGCONT, without a handler.
//! * [`mask`]: per-greenlet masks; the carrier blocks what all of them block.
//! * [`alt_stack`], [`fault`]: per-greenlet alternate stacks, and what happens
//!   when a stack is used up.
//! * [`send`], [`queue`]: signals for one thread, and those of which several
//!   may wait.
//! * [`own_process`], [`own_group`]: signals that the process sends itself, alone and among
//!   others.
//! * [`directed`], [`timer`], [`owner`]: timers and descriptors whose signal is for one
//!   thread.
//! * [`processor_timer`]: timers on processor clocks of threads.
//! * [`at_exec`]: what a new program inherits.
//! * [`jump`], [`context`]: the masks that siglongjmp(3) and setcontext(3) restore.
//! * [`old`]: forms that are made of the others.
//! * [`wait`]: sigwait(3), pause(2), sigsuspend(2).

pub mod action;
pub mod alt_stack;
pub mod at_exec;
pub mod context;
pub mod continued;
pub mod deliver;
pub mod directed;
pub mod dump;
pub mod fault;
mod first_pending;
mod first_thread;
pub mod jump;
pub mod mask;
pub mod old;
pub mod own_group;
pub mod own_process;
pub mod owner;
pub mod pending;
pub mod processor_timer;
pub mod queue;
pub mod send;
pub mod timer;
pub mod wait;

use crate::doorway::Shim;
use hub::greenlet::Greenlet;
use hub::hub::carrier::Carrier;

/// Extension words of a greenlet.
pub(crate) mod word {
    /// The signals that it blocks, bit `n - 1` for signal `n`.
    pub const MASK: usize = 4;
    /// The signals that were sent to it alone and wait.
    pub const PENDING: usize = 5;
    /// Non-zero: a handler without SA_RESTART has run since the last wait.
    pub const NO_RESTART: usize = 6;
    /// Null, or its boxed `stack_t` of sigaltstack(2).
    pub const ALT_STACK: usize = 7;
    /// The signals that it waits for in sigwait(3).
    pub const AWAITED: usize = 8;
}

/// The bit of a signal in a mask.
pub(crate) const fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// Whether the program has a handler for `signal`.
pub fn handled(signal: i32) -> bool {
    action::of(signal).is_some()
}

/// A wait was interrupted. Acts on a cancellation; then true if the call is to
/// go on waiting: `restartable` says whether SA_RESTART covers it (signal(7)).
pub fn restarts(shim: &Shim, restartable: bool) -> bool {
    crate::thread::cancel::point(shim);
    let stop = shim.greenlet.extension[word::NO_RESTART].replace(0) != 0;
    restartable && !stop
}

/// Callback of the hub: a greenlet is made.
pub fn thread_made(creator: &'static Greenlet, new: &'static Greenlet) {
    fault::start();
    mask::inherit(creator, new);
}

/// Callback of the hub: the caller is the new carrier `c`.
pub fn carrier_made(c: &'static Carrier) {
    alt_stack::carrier_made(c);
    mask::carrier_made(c);
}

/// The thread has ended.
pub fn thread_ended(g: &'static Greenlet) {
    alt_stack::forget(g);
    mask::forget(g);
}
