//! Robust mutexes that processes share: what happens when their holder, a thread
//! or a whole process, ends.
//!
//! The lock's word is the kernel's (futex(2), "Robust futexes"): the holder's
//! thread id, FUTEX_WAITERS, FUTEX_OWNER_DIED. Every OS thread has told the kernel
//! where its list of held robust mutexes is (set_robust_list(2)). When it ends, the
//! kernel walks the list and releases, with FUTEX_OWNER_DIED, every mutex whose word
//! has that OS thread's id.
//!
//! The kernel knows no greenlet, neither its id nor its list. So to other processes
//! all greenlets of a process are one holder, the *guardian*: the process's first OS
//! thread, which lives as long as the process (a hub's root never leaves it). The
//! word has the guardian's id, and the mutex is in the guardian's list, which
//! glibc has registered and which has glibc's form, since the first thread uses it for
//! itself before there is a second one. If the process dies, however it does,
//! the kernel finds all that its greenlets held. Which of them holds a mutex is
//! said in the owner field, which the kernel does not look at: its own id. When a
//! greenlet ends, its mutexes are released here as the kernel would.
//!
//! Waiting is futex(2)'s FUTEX_WAIT on the word in a blocking section: whoever
//! unlocks wakes it, native process or not.
//!
//! The list is touched by the hub's holder only. (The first thread's own libc
//! calls reach it only while there is no hub.)
//!
//! Limits, all of a process that is killed:
//! - The kernel walks the first 2,048 mutexes of a list (ROBUST_LIST_LIMIT): what
//!   all greenlets of the process hold together.
//! - A waiter that was just woken and is killed before it could take the
//!   mutex takes the wake-up with it; other processes' waiters get theirs at
//!   the next unlock. (An OS thread says in its list what it is about to take, and
//!   the kernel passes the wake-up on; the guardian can say it of one mutex only.)
//! - With priority inheritance the kernel itself looks for the holder; those
//!   mutexes are libc's, and a greenlet that dies holding one is not noticed.

use super::mutex::{Mutex, INHERIT_OR_CEILING, RECURSIVE, ROBUST, SHARED, TYPE};
use super::robust::{self, INCONSISTENT, LOST};
use crate::doorway;
use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{compiler_fence, AtomicPtr, AtomicU32, Ordering};
use hub::greenlet::Greenlet;
use hub::hub as scheduler;
use hub::tls;
use hub::wait::Section;
use libc::{clockid_t, timespec};

/// linux/futex.h
const WAITERS: u32 = 0x8000_0000;
const OWNER_DIED: u32 = 0x4000_0000;
const ID: u32 = 0x3fff_ffff;

/// `struct robust_list_head`.
#[repr(C)]
struct Head {
    first: *mut Link,
    futex_offset: isize,
    /// What its thread is about to take or release.
    pending: *mut Link,
}

/// `__next` of a mutex's list fields; `__prev` lies before it. Heads have the same
/// form.
#[repr(C)]
struct Link {
    next: *mut Link,
}

impl Link {
    /// The field before the one at `at`; the lowest bit of an address is a flag.
    fn previous(at: *mut Link) -> *mut *mut Link {
        at.map_addr(|a| a & !1).wrapping_byte_sub(size_of::<usize>()).cast()
    }
}

/// From a mutex's word to its `Link`: fixed by the static initialisers.
const LINK: usize = 32;

/// The process's first OS thread.
#[derive(Clone, Copy)]
struct Guardian {
    id: u32,
    head: *mut Head,
}

static GUARDIAN_ID: AtomicU32 = AtomicU32::new(0);
static GUARDIAN_HEAD: AtomicPtr<Head> = AtomicPtr::new(ptr::null_mut());

/// In the child of a fork, the only thread is the first; it holds none of these
/// mutexes.
pub fn after_fork() {
    GUARDIAN_ID.store(0, Ordering::Relaxed);
}

impl Guardian {
    /// `None`: the kernel does not tell, or glibc's list has an unknown form.
    fn find() -> Option<Guardian> {
        let id = GUARDIAN_ID.load(Ordering::Relaxed);
        if id != 0 {
            return Some(Guardian { id, head: GUARDIAN_HEAD.load(Ordering::Relaxed) });
        }
        let mut head: *mut Head = ptr::null_mut();
        let mut length = 0usize;
        // SAFETY: the kernel fills our two words. The first thread's id is the
        // process's.
        unsafe {
            let id = libc::getpid();
            let told = hub::syscall!(libc::SYS_get_robust_list, id, &raw mut head, &raw mut length);
            if told.is_err() || length != size_of::<Head>() || head.is_null() {
                return None;
            }
            if (*head).futex_offset != -(LINK as isize) {
                return None;
            }
            GUARDIAN_HEAD.store(head, Ordering::Relaxed);
            GUARDIAN_ID.store(id as u32, Ordering::Relaxed);
            Some(Guardian { id: id as u32, head })
        }
    }

    /// Say what is about to be taken or released, or that it is done.
    fn announce(&self, m: Option<&Mutex>) {
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the list's head lives as long as its thread.
        unsafe { (&raw mut (*self.head).pending).write_volatile(m.map_or(ptr::null_mut(), link)) };
        compiler_fence(Ordering::SeqCst);
    }

    /// Put a mutex that was just taken into the list.
    fn enlist(&self, m: &Mutex) {
        let link = link(m);
        // SAFETY: head and links have glibc's form; the hub's holder changes them.
        unsafe {
            let head = self.head.cast::<Link>();
            let first = (*head).next;
            Link::previous(first).write(link);
            (*link).next = first;
            Link::previous(link).write(head);
            compiler_fence(Ordering::SeqCst);
            (&raw mut (*head).next).write_volatile(link);
        }
    }

    /// Take a held mutex out of the list.
    fn delist(&self, m: &Mutex) {
        let link = link(m);
        // SAFETY: as above; a held mutex is in the list.
        unsafe {
            let (next, previous) = ((*link).next, Link::previous(link).read());
            if next.is_null() || previous.is_null() {
                return;
            }
            Link::previous(next).write(previous);
            let previous = previous.map_addr(|a| a & !1);
            (&raw mut (*previous).next).write_volatile(next);
            (*link).next = ptr::null_mut();
            Link::previous(link).write(ptr::null_mut());
        }
    }
}

fn link(m: &Mutex) -> *mut Link {
    m.lock.as_ptr().wrapping_byte_add(LINK).cast()
}

/// Whether the mutex is held and released here when the caller is a greenlet.
pub fn is_ours(m: &Mutex) -> bool {
    m.kind() & (ROBUST | SHARED | INHERIT_OR_CEILING) == ROBUST | SHARED
        && Greenlet::current().is_some()
        && Guardian::find().is_some()
}

/// Whether the calling greenlet is the one that holds it.
fn is_callers(g: &Guardian, m: &Mutex) -> bool {
    if m.lock.load(Ordering::Relaxed) & ID != g.id {
        return false;
    }
    match m.owner.load(Ordering::Relaxed) {
        INCONSISTENT => robust::holds(m) || tls::tid() == g.id,
        owner => owner == tls::tid(),
    }
}

/// Take it if nobody has it: `Ok` is the answer to the program, `Err` the
/// word. `waiters`: FUTEX_WAITERS if others may wait with the caller.
fn take(g: &Guardian, m: &Mutex, waiters: u32) -> Result<c_int, u32> {
    g.announce(Some(m));
    let mut word = m.lock.load(Ordering::Relaxed);
    let taken = loop {
        if word != 0 && word & OWNER_DIED == 0 {
            break Err(word);
        }
        let new = g.id | waiters | word & WAITERS;
        match m.lock.compare_exchange(word, new, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => break Ok(word & OWNER_DIED != 0),
            Err(now) => word = now,
        }
    };
    let answer = taken.map(|died| {
        if !died && m.owner.load(Ordering::Relaxed) == LOST {
            release_word(m, 0);
            return libc::ENOTRECOVERABLE;
        }
        g.enlist(m);
        robust::hold(m);
        m.taken_by(if died { INCONSISTENT } else { tls::tid() }, died);
        if died {
            libc::EOWNERDEAD
        } else {
            0
        }
    });
    g.announce(None);
    answer
}

/// Store `free` in the word, and wake one who waits for it, in any process.
fn release_word(m: &Mutex, free: u32) {
    let mut word = m.lock.load(Ordering::Relaxed);
    // FUTEX_WAITERS stays in a mutex whose holder died, as the kernel has it.
    while let Err(now) = m.lock.compare_exchange(
        word,
        if free == 0 { 0 } else { free | word & WAITERS },
        Ordering::Release,
        Ordering::Relaxed,
    ) {
        word = now;
    }
    if word & WAITERS != 0 {
        // SAFETY: the kernel only compares the address.
        unsafe {
            let _ = hub::syscall!(libc::SYS_futex, m.lock.as_ptr(), libc::FUTEX_WAKE, 1);
        }
    }
}

/// What the thread that holds it gets when it asks again.
fn relock(m: &Mutex, trying: bool) -> Option<c_int> {
    match m.relock_held(trying) {
        // glibc tells of robust mutexes in both forms.
        None if m.kind() & TYPE == super::mutex::ERRORCHECK => Some(libc::EDEADLK),
        answer => answer,
    }
}

/// pthread_mutex_lock(3), until the given time (null: for ever).
///
/// # Safety
/// `until` is null or the program's object.
pub unsafe fn lock(m: &Mutex, clock: clockid_t, until: *const timespec) -> c_int {
    let Some(g) = Guardian::find() else { return libc::EINVAL };
    let shim = doorway::enter_any();
    if is_callers(&g, m) {
        if let Some(answer) = relock(m, false) {
            return answer;
        }
    }
    let mut waiters = 0;
    let mut yielded = false;
    loop {
        let word = match take(&g, m, waiters) {
            Ok(answer) => return answer,
            Err(word) => word,
        };
        // SAFETY: by the contract.
        match unsafe { until.as_ref() } {
            Some(at) if !(0..1_000_000_000).contains(&at.tv_nsec) => return libc::EINVAL,
            // The kernel would refuse it.
            Some(at) if at.tv_sec < 0 => return libc::ETIMEDOUT,
            _ => {}
        }
        if let (false, Some(shim)) = (yielded, &shim) {
            yielded = true;
            scheduler::yield_now(shim.greenlet);
            continue;
        }
        let awaited = word | WAITERS;
        if m.lock.compare_exchange(word, awaited, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            continue;
        }
        waiters = WAITERS;
        let realtime = if clock == libc::CLOCK_REALTIME { libc::FUTEX_CLOCK_REALTIME } else { 0 };
        let operation = libc::FUTEX_WAIT_BITSET | realtime;
        // SAFETY: the word is the program's; the kernel reads the time.
        let sleep = || unsafe {
            let address = m.lock.as_ptr();
            hub::syscall!(libc::SYS_futex, address, operation, awaited, until, 0, u32::MAX)
        };
        let slept = match &shim {
            Some(shim) => shim.section("process-shared mutex", Section::Waits, sleep),
            None => sleep(),
        };
        if slept == Err(libc::ETIMEDOUT) {
            return libc::ETIMEDOUT;
        }
    }
}

/// pthread_mutex_trylock(3).
pub fn try_lock(m: &Mutex) -> c_int {
    let Some(g) = Guardian::find() else { return libc::EINVAL };
    let shim = doorway::enter_any();
    if is_callers(&g, m) {
        if let Some(answer) = relock(m, true) {
            return answer;
        }
    }
    take(&g, m, 0).unwrap_or_else(|_| {
        // A loop of attempts must let the holder run.
        if let Some(shim) = &shim {
            scheduler::yield_now(shim.greenlet);
        }
        libc::EBUSY
    })
}

/// pthread_mutex_unlock(3).
pub fn unlock(m: &Mutex) -> c_int {
    let Some(g) = Guardian::find() else { return libc::EINVAL };
    let _shim = doorway::enter_any();
    if !is_callers(&g, m) {
        return libc::EPERM;
    }
    // Unlocked without having been made consistent: lost for good.
    let inconsistent = m.owner.load(Ordering::Relaxed) == INCONSISTENT;
    if m.kind() & TYPE == RECURSIVE && m.leave_level() {
        return if inconsistent { libc::ENOTRECOVERABLE } else { 0 };
    }
    robust::let_go(m);
    give_up(&g, m, if inconsistent { LOST } else { 0 }, 0);
    0
}

fn give_up(g: &Guardian, m: &Mutex, owner: u32, free: u32) {
    g.announce(Some(m));
    g.delist(m);
    m.left_to(owner, free == OWNER_DIED);
    release_word(m, free);
    g.announce(None);
}

/// The calling greenlet, which held the mutex, has ended: what the kernel does at
/// the end of an OS thread.
pub fn holder_ended(m: &Mutex) {
    if let Some(g) = Guardian::find() {
        // In the child of a fork it is the parent's.
        if m.lock.load(Ordering::Relaxed) & ID == g.id {
            let owner = m.owner.load(Ordering::Relaxed);
            give_up(&g, m, owner, OWNER_DIED);
        }
    }
}
