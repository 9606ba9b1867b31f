//! timer_create(2) with SIGEV_THREAD_ID: a timer whose signal is for one thread.
//!
//! The kernel knows OS threads only. It gets a timer whose signal is for the
//! process, and this table says for which greenlet it is; [`deliver`](super::deliver)
//! and sigwait(3) pass it on. The table is read by signal handlers: a fixed number
//! of slots, one atomic word each that says whether the rest counts.
//!
//! Every other kind of timer is libc's and the kernel's own.

use crate::doorway;
use crate::settings;
use crate::table::Group;
use crate::thread::alive_by_id;
use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};
use hub::greenlet::{Greenlet, Phase};
use hub::hub as scheduler;
use libc::{clockid_t, sigevent, siginfo_t, timer_t};

crate::hooks! {
    Signal "never" fn timer_create(clock: clockid_t, event: *mut sigevent, timer: *mut timer_t) -> c_int = create, version "GLIBC_2.34" or "GLIBC_2.3.3";
    Signal "never" fn timer_delete(timer: timer_t) -> c_int = delete, version "GLIBC_2.34" or "GLIBC_2.3.3";
}

/// `si_code` of a timer's signal.
const SI_TIMER: c_int = -2;
/// Timers of this kind that a process can have.
const SLOTS: usize = 1024;
/// No kernel's timer id.
const FREE: c_int = -1;
const BUSY: c_int = -2;

struct Slot {
    /// The kernel's id of the timer, or `FREE`, or `BUSY` while it changes.
    timer: AtomicI32,
    greenlet: AtomicPtr<Greenlet>,
    /// The greenlet's id: its memory is used again.
    id: AtomicU32,
}

static TABLE: [Slot; SLOTS] = [const {
    Slot {
        timer: AtomicI32::new(FREE),
        greenlet: AtomicPtr::new(core::ptr::null_mut()),
        id: AtomicU32::new(0),
    }
}; SLOTS];
/// One more than the highest slot ever used.
static END: AtomicU32 = AtomicU32::new(0);

/// A slot for a timer that is about to be made.
fn reserve() -> Option<&'static Slot> {
    let index = TABLE.iter().position(|slot| {
        slot.timer.compare_exchange(FREE, BUSY, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    })?;
    END.fetch_max(index as u32 + 1, Ordering::AcqRel);
    Some(&TABLE[index])
}

fn find(timer: c_int) -> Option<&'static Slot> {
    let used = &TABLE[..END.load(Ordering::Acquire) as usize];
    used.iter().find(|slot| timer >= 0 && slot.timer.load(Ordering::Acquire) == timer)
}

/// For whom a signal is that a timer of this kind has sent.
pub enum Target {
    /// For no thread in particular: it is another timer's, or none.
    Process,
    /// This greenlet's.
    Greenlet(&'static Greenlet),
    /// That of a thread which has ended: it is lost.
    Nobody,
}

/// For whom the signal is. Callable in a signal handler.
pub fn target(info: &siginfo_t) -> Target {
    if info.si_code != SI_TIMER || END.load(Ordering::Relaxed) == 0 {
        return Target::Process;
    }
    // The timer's id is the first field after three ints and their padding.
    // SAFETY: within the object.
    let timer = unsafe { *core::ptr::from_ref(info).cast::<c_int>().add(4) };
    let Some(slot) = find(timer) else { return Target::Process };
    // SAFETY: null or a greenlet, which is never freed.
    match unsafe { slot.greenlet.load(Ordering::Acquire).as_ref() } {
        Some(g) if g.phase() == Phase::Alive && g.id() == slot.id.load(Ordering::Relaxed) => {
            Target::Greenlet(g)
        }
        _ => Target::Nobody,
    }
}

/// Make a timer by `make`, which is told the event that the kernel shall have and
/// gives its id. An error number if there is no such thread.
///
/// # Safety
/// The program's own arguments.
unsafe fn with_target(
    event: *mut sigevent,
    make: impl FnOnce(*mut sigevent) -> Result<c_int, c_int>,
) -> Result<(), c_int> {
    // SAFETY: null or the program's object.
    let for_thread = unsafe { event.as_ref() }
        .filter(|e| e.sigev_notify == libc::SIGEV_THREAD_ID)
        .filter(|_| settings::patched(Group::Signal) && scheduler::live() != 0);
    let Some(asked) = for_thread else { return make(event).map(|_| ()) };
    let id = asked.sigev_notify_thread_id;
    let Some(g) = alive_by_id(id) else {
        // An OS thread's, or nobody's: the kernel knows.
        return make(event).map(|_| ());
    };
    let Some(slot) = reserve() else { return Err(libc::EAGAIN) };
    slot.greenlet.store(core::ptr::from_ref(g).cast_mut(), Ordering::Relaxed);
    slot.id.store(g.id(), Ordering::Relaxed);
    // SAFETY: the program's object, copied.
    let mut for_process = unsafe { core::ptr::read(event) };
    for_process.sigev_notify = libc::SIGEV_SIGNAL;
    let made = make(&mut for_process);
    slot.timer.store(*made.as_ref().unwrap_or(&FREE), Ordering::Release);
    made.map(|_| ())
}

/// What the kernel calls a timer that libc calls `timer`, if libc has it from there.
unsafe fn kernels(timer: timer_t) -> c_int {
    let value = timer as usize;
    if value <= c_int::MAX as usize {
        return value as c_int;
    }
    if (value as isize) < 0 {
        return FREE; // one of SIGEV_THREAD
    }
    // Before 2.34: an object of libc's, the kind of notice and the kernel's id.
    // SAFETY: by that layout.
    unsafe { *timer.cast::<c_int>().add(1) }
}

unsafe fn create(clock: clockid_t, event: *mut sigevent, timer: *mut timer_t) -> c_int {
    // SAFETY: the program's own call, perhaps with another event.
    let made = unsafe {
        with_target(event, |event| match real::timer_create(clock, event, timer) {
            0 => Ok(kernels(*timer)),
            _ => Err(doorway::errno()),
        })
    };
    doorway::returned(made.map(|_| 0)) as c_int
}

/// syscall(2) with `SYS_timer_create`: `timer` is the kernel's own id.
///
/// # Safety
/// The program's own arguments.
pub unsafe fn create_raw(clock: usize, event: *mut c_void, timer: *mut c_int) -> c_int {
    // SAFETY: as above; the kernel checks the addresses, and this reads the event
    // only if it is not null.
    let made = unsafe {
        with_target(event.cast(), |event| {
            hub::syscall!(libc::SYS_timer_create, clock, event, timer).map(|_| *timer)
        })
    };
    doorway::returned(made.map(|_| 0)) as c_int
}

fn forget(timer: c_int) {
    if let Some(slot) = find(timer) {
        slot.timer.store(FREE, Ordering::Release);
    }
}

unsafe fn delete(timer: timer_t) -> c_int {
    // SAFETY: the program's own call; the id before the object is gone.
    unsafe {
        let id = if END.load(Ordering::Relaxed) != 0 { kernels(timer) } else { FREE };
        let result = real::timer_delete(timer);
        if result == 0 {
            forget(id);
        }
        result
    }
}

/// syscall(2) with `SYS_timer_delete` has succeeded.
pub fn deleted_raw(timer: c_int) {
    forget(timer);
}

/// The child of a fork has no timers.
pub fn after_fork() {
    for slot in &TABLE[..END.load(Ordering::Relaxed) as usize] {
        slot.timer.store(FREE, Ordering::Relaxed);
    }
}
