//! Making greenlets, and their end.

use super::standing::BASE;
use super::{callbacks, carrier, drive, handoff, monitor, standing, units, Hub, HUB, LIVE};
use crate::arch;
use crate::greenlet::{Coroutine, Entry, Greenlet, Phase, Yielder};
use crate::light;
use crate::observe;
use crate::reactor::Reactor;
use crate::sys;
use crate::thread_ids;
use crate::time;
use crate::tls;
use crate::unit::{self, Stack};
use crate::wait::{Reason, Wake};
use core::ffi::c_void;
use core::ptr;
use core::sync::atomic::Ordering;

/// Why a greenlet could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnError {
    /// The calling OS thread is not one that drives the hub.
    Foreign,
    /// No memory, address space or descriptors: EAGAIN of pthread_create.
    Resources,
    /// The C library lacks what greenlets need; the text says what.
    Unsupported(&'static str),
}

impl core::fmt::Display for SpawnError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            SpawnError::Foreign => "another OS thread drives the hub; spawn from its greenlets",
            SpawnError::Resources => "no memory or descriptors for another greenlet",
            SpawnError::Unsupported(why) => why,
        })
    }
}

impl std::error::Error for SpawnError {}

/// Where a new greenlet's stack comes from.
#[derive(Clone, Copy, Debug)]
pub enum StackSource {
    /// At least so many bytes, from a slab.
    Size(usize),
    /// The same, but not before the first turn, like its TLS block: the greenlet has no
    /// thread pointer before. Its guard is [`unit::GUARD`].
    Later(usize),
    /// The caller's memory, which outlives the greenlet.
    Given {
        /// Lowest address.
        base: usize,
        /// Length in bytes.
        size: usize,
    },
}

/// What a new greenlet is to be.
#[derive(Clone, Copy, Debug)]
pub struct Spawn {
    /// Its first function.
    pub entry: Entry,
    /// The function's argument.
    pub arg: *mut c_void,
    /// Its stack.
    pub stack: StackSource,
    /// The guard size to report; the real guard is a page.
    pub guard: usize,
    /// Whether nobody will join it.
    pub detached: bool,
    /// Its name; empty: its creator's.
    pub name: [u8; 16],
    /// Where it is made: the return address of the program's call; 0: not known.
    pub made_at: usize,
}

/// Make the calling OS thread the hub's carrier and what it runs the root
/// greenlet. Does nothing if that has happened. On return the root is in our
/// code (as after [`Greenlet::enter_shim`]) if this call has made it.
#[cold]
fn start() -> Result<&'static Greenlet, SpawnError> {
    if !HUB.carrier.load(Ordering::Relaxed).is_null() {
        return Err(SpawnError::Foreign);
    }
    sys::init();
    time::refresh();
    // SAFETY: getauxval only reads.
    arch::init(unsafe { libc::getauxval(libc::AT_HWCAP2) } as u64);
    unit::init().map_err(SpawnError::Unsupported)?;
    let resources = |_| SpawnError::Resources;
    let own_tp = unit::map_block().map_err(resources)?;
    let stack = unit::map_stack(carrier::STACK).map_err(resources)?;
    let reactor = Reactor::new().map_err(resources)?;
    HUB.bell.store(reactor.bell() as u32, Ordering::Relaxed);
    // SAFETY: nobody else knows the hub yet.
    unsafe { *HUB.reactor.get() = Some(reactor) };
    let root: &'static Greenlet = Box::leak(Box::new(Greenlet::new()));
    let mut name = [0u8; 16];
    // SAFETY: PR_GET_NAME writes at most 16 bytes.
    unsafe {
        let _ = crate::syscall!(libc::SYS_prctl, libc::PR_GET_NAME, name.as_mut_ptr());
    }
    let length = name.iter().position(|&b| b == 0).unwrap_or(15);
    root.begin_root(tls::tid(), &name[..length]);
    let c = carrier::adopt(own_tp);
    // SAFETY: the stack is ours; the loop runs when the root first waits.
    c.loop_sp.set(unsafe { arch::prepare(stack.base, drive::first_carrier) });
    handoff::init();
    tls::unregister_rseq();
    HUB.enlist(root);
    HUB.first.set(root);
    HUB.running.store(ptr::from_ref(root).cast_mut(), Ordering::Relaxed);
    // SAFETY: getpid has no arguments.
    HUB.next_id.set(thread_ids::first_of(unsafe { libc::getpid() } as u32));
    HUB.look.note(time::now());
    LIVE.store(1, Ordering::Relaxed);
    arch::set_current(ptr::from_ref(root).cast_mut().cast());
    Ok(root)
}

/// Make a greenlet. It runs when its turn comes, not before the caller waits.
///
/// The caller is a greenlet in our code; if no greenlet exists yet, the
/// calling OS thread becomes the hub's carrier, and is in our code afterwards.
///
/// # Safety
/// `entry(arg)` must be sound to call on another stack and TLS block.
pub unsafe fn spawn(spawn: &Spawn) -> Result<&'static Greenlet, SpawnError> {
    let creator = match Greenlet::current() {
        Some(g) => g,
        None => start()?,
    };
    debug_assert!(creator.in_shim());
    monitor::start();
    if creator.standing.get() != BASE {
        standing::shares(creator);
    }
    HUB.refresh_modules();
    let id = HUB.next_id();
    let g = match spawn.stack {
        StackSource::Size(size) => {
            let g = resident(size, id, spawn.guard)?;
            g.set_asked_stack(size);
            g
        }
        StackSource::Given { base, size } => {
            let g = resident(0, id, spawn.guard)?;
            let top = (base + size) & !63;
            g.set_stack(Stack { base: top, limit: (base + 15) & !15, guard: 0 });
            g.set_asked_stack(0);
            g
        }
        StackSource::Later(size) => light(size)?,
    };
    g.begin(id, spawn.entry, spawn.arg);
    g.parent.set(creator.id());
    g.made_at.set(spawn.made_at);
    g.detached.set(spawn.detached);
    arch::save_fp_control(&g.fp_control);
    g.take_name(if spawn.name[0] == 0 { creator.name() } else { spawn.name });
    if !g.tp().is_null() {
        prepare(g);
    }
    HUB.enlist(g);
    standing::enter(g, creator.standing.get());
    g.waits.set(creator.waits.get());
    // The hub's holder only: no bus lock.
    LIVE.store(LIVE.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    carrier::several();
    if let Some(c) = callbacks() {
        (c.at_spawn)(creator, g);
    }
    observe::spawned(creator, g);
    HUB.queue(g);
    monitor::rouse();
    Ok(g)
}

/// A free greenlet that has a unit.
fn resident(stack: usize, id: u32, guard: usize) -> Result<&'static Greenlet, SpawnError> {
    let g = unit::take(stack, id).map_err(|_| SpawnError::Resources)?;
    g.set_stack(g.unit_stack());
    g.set_asked_guard(guard);
    Ok(g)
}

/// A free greenlet that has the promise of a unit.
fn light(stack: usize) -> Result<&'static Greenlet, SpawnError> {
    let promise = unit::promise(stack).map_err(|_| SpawnError::Resources)?;
    let taken = units::keep_stock(promise).and_then(|()| light::take());
    match taken {
        Ok(g) => {
            g.set_class(promise.class);
            Ok(g)
        }
        Err(_) => {
            unit::forgo(promise.class);
            Err(SpawnError::Resources)
        }
    }
}

/// Make the first frames of a greenlet that has got its unit and has not begun.
#[inline]
pub(super) fn prepare(g: &'static Greenlet) {
    let Some(r) = g.resident() else { return };
    let stack = g.stack();
    // SAFETY: a free greenlet's coroutine is touched by nobody else.
    unsafe { *r.coroutine.get() = Some(Coroutine::with_stack(stack, move |y, ()| body(g, y))) };
    // From its first load on the block says whose it is: a signal may come
    // before the greenlet's first instruction.
    // SAFETY: a complete block, which nobody has loaded.
    unsafe { tls::set_current_of(g.tp(), ptr::from_ref(g).cast_mut().cast()) };
}

/// What [`arch::thread_base`] returns when the greenlet was unwound.
static UNWOUND: u8 = 0;

/// A greenlet from its first to its last instruction, on its own stack.
fn body(g: &'static Greenlet, yielder: &Yielder) {
    if let Some(r) = g.resident() {
        r.yielder.set(yielder);
    }
    drive::load_fp_control(g);
    tls::enter();
    units::began(g);
    let mut buffer = [0usize; arch::UNWIND_BUF_WORDS];
    let unwound = (&raw const UNWOUND).cast_mut().cast::<c_void>();
    let mut entry = g.entry.get().expect("a greenlet has an entry");
    let mut arg = g.arg.get();
    observe::resumed(g);
    if g.missed_interrupt.swap(false, Ordering::Relaxed) {
        (entry, arg) = (interrupted_first, ptr::from_ref(g).cast_mut().cast());
    } else {
        g.leave_shim();
    }
    // SAFETY: by `spawn`'s contract; the buffer outlives the call.
    let value = unsafe { arch::thread_base(entry, arg, buffer.as_mut_ptr().cast(), unwound) };
    if value != unwound {
        g.value.set(value);
    }
    end_of_thread(g);
    arch::save_fp_control(&HUB.carrier().fp_control);
    if !drive::in_first_turn(g) {
        drive::depart(g)
    }
}

/// The start routine of a greenlet that was to be interrupted before it began: what is
/// meant for it comes first, since the routine may never enter a hook.
unsafe extern "C-unwind" fn interrupted_first(g: *mut c_void) -> *mut c_void {
    // SAFETY: `body` passes the running greenlet.
    let g: &'static Greenlet = unsafe { &*g.cast() };
    if let Some(c) = callbacks() {
        (c.interrupted)(g);
    }
    g.leave_shim();
    let entry = g.entry.get().expect("a greenlet has an entry");
    // SAFETY: by `spawn`'s contract.
    unsafe { entry(g.arg.get()) }
}

/// What happens on a greenlet after its start routine, up to its last switch.
fn end_of_thread(g: &'static Greenlet) {
    match callbacks() {
        Some(c) => (c.at_exit)(g),
        // SAFETY: on the ending thread's own block, outside our code.
        None => unsafe {
            tls::run_destructors();
            crate::thread_keys::run_destructors();
        },
    }
    // With the hub, so that of two that end at once one is the last.
    g.reenter_shim();
    if LIVE.load(Ordering::Relaxed) == 1 {
        g.leave_shim();
        // POSIX: the process exits with 0 when its last thread has ended.
        // SAFETY: the program's exit handlers run as program code.
        unsafe { libc::exit(0) }
    }
}

/// The root greenlet has ended (its `pthread_exit` has run through all
/// frames): go on without it, and exit with 0 after the last one.
pub fn root_ended(g: &'static Greenlet) -> ! {
    end_of_thread(g);
    HUB.ended(g);
    g.begin_wait(Reason::Last);
    loop {
        drive::leave(g);
    }
}

impl Hub {
    fn next_id(&self) -> u32 {
        let id = self.next_id.get();
        self.next_id.set(thread_ids::after(id));
        id
    }

    pub(super) fn enlist(&self, g: &'static Greenlet) {
        let first = self.all.replace(g);
        g.all_prev.set(ptr::null());
        g.all_next.set(first);
        // SAFETY: listed greenlets are alive.
        if let Some(f) = unsafe { first.as_ref() } {
            f.all_prev.set(g);
        }
    }

    fn delist(&self, g: &Greenlet) {
        let (prev, next) = (g.all_prev.get(), g.all_next.get());
        // SAFETY: listed greenlets are alive.
        unsafe {
            match prev.as_ref() {
                Some(p) => p.all_next.set(next),
                None => self.all.set(next),
            }
            if let Some(n) = next.as_ref() {
                n.all_prev.set(prev);
            }
        }
    }

    /// A greenlet has left its stack for good.
    pub(super) fn bury(&self, g: &'static Greenlet) {
        g.forget_stack();
        self.ended(g);
    }

    /// The greenlet runs no more: collect it, or tell who joins it.
    pub(super) fn ended(&self, g: &'static Greenlet) {
        observe::ended(g);
        standing::leave(g);
        LIVE.store(LIVE.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
        g.set_phase(Phase::Ended);
        if g.detached.get() {
            self.collect(g);
            return;
        }
        // SAFETY: a joiner is alive while it waits.
        if let Some(j) = unsafe { g.joiner.get().as_ref() } {
            if j.claim(Wake::Notified) {
                self.run.push(j);
            }
        }
    }

    /// Give the memory of an ended greenlet back.
    pub(super) fn collect(&self, g: &'static Greenlet) {
        self.delist(g);
        g.set_phase(Phase::Free);
        if g.is_light() {
            match g.move_out() {
                Some(resident) => unit::give_back(resident),
                None => unit::forgo(g.class()),
            }
            light::give_back(g);
        } else if !g.is_root() {
            unit::give_back(g);
        }
        self.unit_came();
    }
}
