//! A carrier's loop: choosing who runs next, and going there.

use super::carrier::{self, Carrier};
use super::{callbacks, lend, monitor, standing, units, watch, Hub, HUB};
use crate::arch;
use crate::deadlock;
use crate::greenlet::{Greenlet, Yielder};
use crate::observe;
use crate::sys::{self, Errno};
use crate::time::{self, NEVER, SECOND};
use crate::tls;
use crate::unit;
use crate::wait::Wake;
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;

impl Hub {
    /// Move what other OS threads have made runnable to the run queue.
    #[inline(always)]
    fn drain_inject(&self) {
        if self.inject.load(Ordering::Relaxed).is_null() {
            return;
        }
        let mut newest: *const Greenlet = self.inject.swap(ptr::null_mut(), Ordering::Acquire);
        let mut oldest: *const Greenlet = ptr::null();
        // SAFETY: an injected greenlet is claimed and parked.
        unsafe {
            while let Some(g) = newest.as_ref() {
                newest = g.next.replace(oldest);
                oldest = g;
            }
            while let Some(g) = oldest.as_ref() {
                oldest = g.next.get();
                self.run.push(g);
            }
        }
    }

    /// Make the owners of due timers runnable.
    pub(super) fn expire(&self, now: u64) {
        // SAFETY: holder only, and nothing in the loop comes back here.
        let timers = unsafe { &mut *self.timers.get() };
        while let Some(g) = timers.pop_due(now) {
            if g.claim(Wake::TimedOut) {
                self.run.push(g);
            }
        }
    }

    /// Choose who runs next; wait in the kernel while nobody can. `None`: the hub is
    /// elsewhere, and the carrier in the pool.
    #[inline(always)]
    fn next(&self, carrier: &'static Carrier) -> Option<&'static Greenlet> {
        loop {
            if !self.look.count() {
                self.look_around(carrier);
            }
            self.drain_inject();
            if self.signals.load(Ordering::Relaxed) {
                self.choose_for_signals(carrier);
            }
            if let Some(g) = self.behind.next().or_else(|| self.run.pop()) {
                return Some(g);
            }
            if self.behind.take_up(&self.run) {
                continue;
            }
            if self.behind.has_hogs() {
                if let Some(g) = self.next_hog(carrier) {
                    return Some(g);
                }
                continue;
            }
            if !self.idle(carrier) {
                return None;
            }
            if let Some(g) = self.take_destined() {
                return Some(g);
            }
        }
    }

    /// Whether nobody else than the running greenlet is runnable, as far as anybody
    /// knows without looking at timers and descriptors.
    pub(super) fn nobody_is_runnable(&self) -> bool {
        self.run.is_empty()
            && self.behind.is_empty()
            && self.inject.load(Ordering::Relaxed).is_null()
            && !self.signals.load(Ordering::Relaxed)
    }

    /// The next greenlet, if there is nothing to do first and nothing to be asked:
    /// what [`Hub::next`] would find at its first look. For a greenlet that leaves,
    /// to go on with that one directly.
    #[inline(always)]
    fn next_at_once(&self, carrier: &Carrier) -> Option<&'static Greenlet> {
        if !self.look.can_wait()
            || self.behind.is_next()
            || !self.inject.load(Ordering::Relaxed).is_null()
            || self.signals.load(Ordering::Relaxed)
        {
            return None;
        }
        let g = self.run.pop_if(|g| {
            g.home.get().is_null()
                && !g.sp.get().is_null()
                && g.standing.get() == carrier.standing()
        })?;
        self.look.count();
        Some(g)
    }

    /// `g` is about to run with the hub.
    #[inline(always)]
    fn announce(&self, g: &'static Greenlet) {
        self.run.look_ahead();
        self.switches.store(self.switches.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        self.running.store(ptr::from_ref(g).cast_mut(), Ordering::Relaxed);
    }

    /// Learn what a dlopen or dlclose has changed, before a block is used again
    /// and before another greenlet runs. The call may take its time (its caller
    /// waits for the loader's lock, or runs constructors, off the hub), so for a while
    /// every switch looks.
    pub(super) fn refresh_modules(&self) {
        if self.modules_changed.load(Ordering::Relaxed) {
            self.refresh_modules_slow();
        }
    }

    #[cold]
    fn refresh_modules_slow(&self) {
        // Until a dlclose is over, what is known of the modules may be gone.
        if self.closing.load(Ordering::Acquire) != 0 {
            return;
        }
        let over = time::now() > self.modules_noted.load(Ordering::Relaxed) + 10 * SECOND;
        if over {
            self.modules_changed.store(false, Ordering::Relaxed);
        }
        let closed = self.modules_closed.swap(false, Ordering::Relaxed);
        if over || closed || tls::modules_moved() {
            tls::refresh_modules(|copy| unit::for_each_block(copy));
        }
    }

    #[cold]
    fn choose_for_signals(&self, carrier: &Carrier) {
        self.signals.store(false, Ordering::SeqCst);
        carrier.load_own();
        lend::safe_point();
        if let Some(c) = callbacks() {
            (c.choose)();
        }
    }

    /// Nobody is runnable. False: the hub is elsewhere, and the carrier in the pool.
    fn idle(&self, carrier: &'static Carrier) -> bool {
        carrier.load_own();
        // SAFETY: holder only.
        let mut next = unsafe { &*self.timers.get() }.next_deadline();
        if !self.without_unit.is_empty() {
            self.make_unit_here();
            if !self.run.is_empty() {
                return true;
            }
            let again = time::now() + units::PAUSE;
            next = Some(next.map_or(again, |deadline| deadline.min(again)));
        }
        if self.has_stranded() {
            let again = time::now() + standing::PAUSE;
            next = Some(next.map_or(again, |deadline| deadline.min(again)));
        }
        let now = match next {
            None => 0,
            Some(_) => time::now(),
        };
        self.look.note(now);
        self.count_from_here();
        if next.is_some_and(|d| d <= now) {
            self.expire(now);
            // A steady stream of timers must not starve the descriptors.
            let _ = self.poll(0);
            return true;
        }
        // SAFETY: holder only.
        let waiting = unsafe { &*self.reactor.get() }.as_ref().map_or(0, |r| r.table.waiting());
        if next.is_none() && waiting == 0 && sys::one_os_thread() {
            deadlock::found();
        }
        // What is believed of descriptors is put to the test before the hub waits.
        if self.has_beliefs() {
            let _ = self.poll(0);
            return true;
        }
        // Announce the sleep, then look once more: an injector that came
        // before the announcement has not rung.
        self.sleeping.store(true, Ordering::SeqCst);
        let mut deadline =
            if self.inject.load(Ordering::SeqCst).is_null() { next.unwrap_or(NEVER) } else { 0 };
        if deadline != 0 && watch::is_due() {
            let epoll = super::with_reactor(|r, _| r.arm_for(deadline));
            if !watch::lie_down(carrier, epoll) {
                return false;
            }
            deadline = 0;
        }
        self.handled.store(false, Ordering::Relaxed);
        let result = self.poll(deadline);
        self.take_in_stranded();
        // Before the monitor's state is looked at: it looks the other way round.
        self.sleeping.store(false, Ordering::SeqCst);
        self.look.note(time::refresh());
        monitor::rouse();
        // A signal that concerns a greenlet was noted. If there was none, the process was
        // stopped: signal(7), "Interruption of system calls by stop signals".
        if let (Err(libc::EINTR), false, Some(layer)) =
            (result, self.handled.load(Ordering::Relaxed), callbacks())
        {
            (layer.continued)();
        }
        if next.is_some() {
            let now = time::now();
            self.look.note(now);
            self.expire(now);
        }
        true
    }

    fn has_beliefs(&self) -> bool {
        // SAFETY: holder only.
        unsafe { &*self.reactor.get() }.as_ref().is_some_and(|r| r.has_beliefs())
    }

    pub(super) fn poll(&self, deadline: u64) -> Result<(), Errno> {
        // SAFETY: holder only; the reactor does not come back here.
        match unsafe { &mut *self.reactor.get() } {
            Some(r) => r.poll(deadline, &self.run),
            None => sys::die("the hub has no reactor"),
        }
    }
}

/// The first carrier's loop, on the stack that we made for it. (Not `extern
/// "C"`: its landing pad against unwinding would pass for a handler of an
/// exception that nobody catches, and C++ would unwind instead of terminating.)
pub(super) extern "C-unwind" fn first_carrier() -> ! {
    let c = HUB.carrier();
    loop {
        drive(c);
        c.wait(NEVER);
        carrier::taken(c);
    }
}

/// Drive the hub on `c`, which has it, until it is given away.
pub(super) fn drive(c: &'static Carrier) {
    loop {
        // SAFETY: null or a greenlet, which is never freed.
        if let Some(g) = unsafe { HUB.departed.replace(ptr::null()).as_ref() } {
            HUB.bury(g);
        }
        let changed = standing::ever_changed();
        if changed && c.is_restricted() && HUB.pass_to_unrestricted(c) {
            return;
        }
        let destined = if changed { HUB.take_destined() } else { None };
        let Some(g) = destined.or_else(|| HUB.next(c)) else { return };
        // SAFETY: null or a carrier; they live for ever.
        if let Some(home) = unsafe { g.home.get().as_ref() } {
            // It runs off the hub, on its own carrier, and waits for its turn.
            return pass_to(home, c);
        }
        if g.standing.get() != c.standing() {
            match HUB.pass_on(g, c) {
                true => return,
                false => continue,
            }
        }
        if g.tp().is_null() && !units::move_in(g) {
            continue;
        }
        HUB.announce(g);
        c.load(g.tp());
        if g.sp.get().is_null() {
            first_turn(g);
            continue;
        }
        // SAFETY: a runnable greenlet has left its stack, and only the holder of
        // the hub takes it up. The loop is taken up by a greenlet that runs on
        // this carrier and leaves.
        unsafe { arch::swap(c.loop_sp.as_ptr(), g.sp.get()) };
    }
}

/// Give the hub from the carrier `from`, which rests, to another one.
pub(super) fn pass_to(to: &'static Carrier, from: &'static Carrier) {
    from.load_own();
    carrier::leaves(from, None);
    carrier::rest(from);
    carrier::give(to);
}

/// Start a greenlet; returns when it first leaves, or has ended.
fn first_turn(g: &'static Greenlet) {
    // SAFETY: a greenlet that has not run has a coroutine, and the holder of the
    // hub is the only one to touch it.
    let coroutine = g.resident().and_then(|r| unsafe { &mut *r.coroutine.get() }.as_mut());
    match coroutine.map(|c| c.resume(())) {
        Some(corosensei::CoroutineResult::Yield(())) => {}
        Some(corosensei::CoroutineResult::Return(())) => HUB.bury(g),
        None => sys::die("a runnable greenlet has no stack"),
    }
}

/// Leave the running greenlet's stack; returns when its turn comes again.
#[inline(always)]
pub(super) fn leave(g: &'static Greenlet) {
    observe::leaving(g);
    g.since.set(time::coarse());
    g.switches.set(g.switches.get() + 1);
    let c = HUB.carrier();
    arch::save_fp_control_twice(&g.fp_control, &c.fp_control);
    switch(g, c);
    load_fp_control(g);
    observe::resumed(g);
}

/// Load the running greenlet's floating-point modes and flags. The hub computes
/// nothing: what the last to leave had is still loaded, on whatever carrier this is.
#[inline(always)]
pub(super) fn load_fp_control(g: &'static Greenlet) {
    let control = g.fp_control.get();
    if HUB.carrier().fp_control.get() != control {
        arch::set_fp_control(control);
    }
}

/// Take up the next greenlet's stack, or the loop's. (One place for all: the
/// processor predicts returns by the calls before them, and two greenlets that
/// left here return to the same.)
#[inline(never)]
fn switch(g: &'static Greenlet, c: &'static Carrier) {
    if g.sp.get().is_null() && !g.is_root() {
        return first_leave(g);
    }
    let to = match HUB.next_at_once(c) {
        Some(next) => {
            HUB.announce(next);
            if ptr::eq(next, g) {
                return;
            }
            c.load(next.tp());
            next.sp.get()
        }
        None => c.loop_sp.get(),
    };
    // SAFETY: as in `drive`; the loop waits where it has gone to a greenlet, or at
    // its beginning.
    unsafe { arch::swap(g.sp.as_ptr(), to) };
}

/// [`switch`] in a greenlet's first turn, in which the loop is inside of
/// [`first_turn`]: back to there.
#[cold]
fn first_leave(g: &'static Greenlet) {
    let yielder = g.resident().map_or(ptr::null(), |r| r.yielder.get());
    // SAFETY: `suspend` has nothing on the stack. It goes to the loop of this carrier,
    // on which the greenlet has been all its turn.
    unsafe { arch::suspend_by(g.sp.as_ptr(), yielder.cast(), suspend) };
}

/// Back to [`first_turn`].
extern "C" fn suspend(yielder: *const c_void) -> ! {
    // SAFETY: the running greenlet's.
    unsafe { (*yielder.cast::<Yielder>()).suspend(()) };
    sys::die("a greenlet was resumed by its coroutine")
}

/// Whether the running greenlet, which has ended, can just return from its
/// coroutine; else it must [`depart`].
pub(super) fn in_first_turn(g: &Greenlet) -> bool {
    g.sp.get().is_null()
}

/// Leave the running greenlet's stack for good.
pub(super) fn depart(g: &'static Greenlet) -> ! {
    let c = HUB.carrier();
    HUB.departed.set(g);
    // SAFETY: as in `switch`. Nobody takes up what is stored.
    unsafe { arch::swap(g.sp.as_ptr(), c.loop_sp.get()) };
    sys::die("an ended greenlet was taken up")
}
