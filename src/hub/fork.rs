//! The child of a fork.

use super::{carrier, lend, live, monitor, preempt, watch, HUB, LIVE};
use crate::greenlet::{Greenlet, Phase};
use crate::light;
use crate::reactor::Reactor;
use crate::sys;
use crate::thread_ids;
use crate::unit;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

static FORKS: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between the process that began and this one, which tells what
/// the waiters of an object are worth.
#[inline(always)]
pub fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Give back the unit of a greenlet that the fork has ended, wherever it was: in the middle of
/// malloc, with values of the program's keys, with destructors to run.
fn give_back_renewed(resident: &'static Greenlet) {
    // SAFETY: the resident's block; nobody runs on it in this process, and the caller runs on
    // its own.
    unsafe { crate::tls::renew(resident.tp(), resident.id()) };
    unit::give_back(resident);
}

/// In the child of a fork: only the calling greenlet exists (POSIX). Give the
/// others' memory back, and make a reactor of the child's own.
pub fn after_fork() {
    after_copy(false);
}

/// [`after_fork`], also for a child of clone(2) that shares the parent's table of
/// descriptors (`shares_files`): it must not close the parent's reactor.
pub fn after_copy(shares_files: bool) {
    FORKS.store(forks().wrapping_add(1), Ordering::Relaxed);
    if live() == 0 {
        return;
    }
    let me = Greenlet::current();
    carrier::after_fork(me);
    monitor::after_fork();
    preempt::after_fork();
    lend::after_fork();
    unit::after_fork();
    light::after_fork();
    let tp = me.map_or(ptr::null_mut(), Greenlet::tp);
    crate::tls::after_fork(tp, |f| unit::for_each_block(f));
    crate::parking_lot::after_fork();
    HUB.run.clear();
    HUB.behind.clear();
    HUB.stranded.clear();
    HUB.destined.set(ptr::null());
    HUB.without_unit.clear();
    HUB.inject.store(ptr::null_mut(), Ordering::Relaxed);
    HUB.sleeping.store(false, Ordering::Relaxed);
    watch::after_fork();
    HUB.closing.store(0, Ordering::Relaxed);
    HUB.modules_closed.store(true, Ordering::Relaxed);
    // SAFETY: the child has one OS thread, and it is here.
    unsafe { &mut *HUB.timers.get() }.clear();
    let mut at = HUB.all.replace(ptr::null());
    // SAFETY: listed greenlets are never unmapped.
    while let Some(g) = unsafe { at.as_ref() } {
        at = g.all_next.get();
        if me.is_some_and(|m| ptr::eq(m, g)) {
            continue;
        }
        g.timer_cleared();
        g.rejoined();
        g.set_phase(Phase::Free);
        // What the frames there own is lost, as it is with kernel threads.
        g.forget_stack();
        if g.is_light() {
            match g.move_out() {
                Some(resident) => give_back_renewed(resident),
                None => unit::forgo(g.class()),
            }
            light::give_back(g);
        } else if !g.is_root() {
            give_back_renewed(g);
        }
    }
    let Some(me) = me else {
        LIVE.store(0, Ordering::Relaxed);
        return;
    };
    HUB.enlist(me);
    HUB.first.set(me);
    HUB.running.store(ptr::from_ref(me).cast_mut(), Ordering::Relaxed);
    // Whoever joined it is gone; its memory may become another greenlet's.
    me.joiner.set(ptr::null());
    // SAFETY: getpid has no arguments. The kernel has stored the child's id in
    // the calling thread's control block; the greenlet follows.
    let pid = unsafe { libc::getpid() } as u32;
    me.set_id(pid);
    me.processor.after_fork();
    HUB.next_id.set(thread_ids::first_of(pid));
    LIVE.store(1, Ordering::Relaxed);
    match Reactor::new() {
        Ok(fresh) => {
            HUB.bell.store(fresh.bell() as u32, Ordering::Relaxed);
            // SAFETY: one OS thread. Dropping the old poll closes the child's
            // copy of its descriptor; the parent's epoll stays as it is.
            unsafe {
                if let Some(old) = (*HUB.reactor.get()).replace(fresh) {
                    match shares_files {
                        true => core::mem::forget(old),
                        false => old.close(),
                    }
                }
            }
        }
        Err(_) => sys::die("no descriptors for the hub in the child of a fork"),
    }
}
