//! A thread's robust list, as set_robust_list(2) has it, and what the kernel does with it when
//! the thread ends.
//!
//! libc registers a list for every OS thread; in a greenlet's control block there is one as
//! well, in which libc's own functions keep the robust mutexes that are theirs here (those with
//! priority inheritance that processes share). The kernel knows neither that nor the ids of
//! greenlets, and the list that a program registers by `syscall` would be the carrier's. So a
//! greenlet's list is kept here, and walked here when it ends.
//!
//! What the kernel does (futex(2), "Robust futexes"): it looks at each word in the list, and at
//! the one that is about to be taken or released; if the thread's id is in it, FUTEX_OWNER_DIED
//! takes its place and one waiter is woken. With priority inheritance waiters are the kernel's
//! affair. It goes no further than 2,048 words, and no further than a bad address.

use super::futex;
use super::robust::{self, FUTEX_ID, FUTEX_OWNER_DIED, FUTEX_WAITERS};
use core::ffi::c_int;
use core::mem::{offset_of, size_of, MaybeUninit};
use core::slice;
use core::sync::atomic::{AtomicU32, Ordering};
use hub::greenlet::Greenlet;
use hub::program_memory;
use hub::tls;
use libc::pid_t;

/// `struct robust_list_head`; addresses are the program's, and not to be trusted.
#[derive(Clone, Copy)]
#[repr(C)]
struct Head {
    first: usize,
    futex_offset: isize,
    pending: usize,
}

/// ROBUST_LIST_LIMIT of the kernel.
const MOST: usize = 2048;
/// In the address of an entry: it has priority inheritance.
const INHERITS: usize = 1;

/// The greenlet whose list it is, by the id of get_robust_list(2).
fn of(id: pid_t) -> Option<&'static Greenlet> {
    let me = Greenlet::current().filter(|_| crate::thread::patched());
    match id {
        0 => me.filter(|_| hub::hub::live() != 0),
        _ => crate::thread::alive_by_id(id),
    }
}

/// set_robust_list(2) by number. `None`: it is the kernel's.
pub fn set(head: usize, length: usize) -> Option<c_int> {
    of(0)?;
    if length != size_of::<Head>() {
        return Some(libc::EINVAL);
    }
    robust::with_own(|own| own.registered = head);
    Some(0)
}

/// get_robust_list(2) by number. `None`: it is the kernel's.
///
/// # Safety
/// The program's own arguments; the kernel judges the addresses.
pub unsafe fn get(id: pid_t, head: *mut usize, length: *mut usize) -> Option<c_int> {
    let g = of(id)?;
    // For the first thread's own the kernel is asked by its number: that of the first OS thread.
    let asked = if g.is_root() { g.id() } else { 0 };
    // SAFETY: as above. What it has written can be written again.
    unsafe {
        if let Err(e) = hub::syscall!(libc::SYS_get_robust_list, asked, head, length) {
            return Some(e);
        }
        match (robust::registered(g), g.is_root()) {
            (Some(own), _) => *head = own,
            (None, false) => *head = tls::robust_head(g.tp()).map_or(0, |h| h as usize),
            (None, true) => {}
        }
    }
    Some(0)
}

/// A word or more of the program's memory, if it can be read.
fn read<T: Copy>(at: usize) -> Option<T> {
    let mut found = MaybeUninit::<T>::uninit();
    // SAFETY: the object's bytes.
    let bytes = unsafe { slice::from_raw_parts_mut(found.as_mut_ptr().cast(), size_of::<T>()) };
    // SAFETY: `T` is made of integers, which were written.
    (program_memory::copy(at, bytes) == size_of::<T>()).then(|| unsafe { found.assume_init() })
}

/// The calling greenlet has ended. `registered`: the list that it has registered itself.
pub fn thread_ended(g: &'static Greenlet, registered: Option<usize>) {
    let libcs = tls::robust_head(g.tp());
    // SAFETY: a field of the block that the caller runs on.
    let used = libcs.is_some_and(|head| unsafe { *head.cast::<*mut u8>() } != head);
    match (registered, libcs) {
        (Some(head), _) => walk(g, head, |_| true),
        // That of the first thread is the whole process's: see `robust_shared`.
        (None, Some(head)) if used => {
            walk(g, head as usize, |entry| !g.is_root() || entry & INHERITS != 0);
        }
        _ => {}
    }
    if used && !g.is_root() {
        // SAFETY: as above; the next thread begins with none.
        unsafe { tls::empty_robust_list(g.tp()) };
    }
}

fn walk(g: &Greenlet, at: usize, counts: impl Fn(usize) -> bool) {
    let Some(head) = read::<Head>(at) else { return };
    let word_of = |entry: usize| (entry & !INHERITS).wrapping_add_signed(head.futex_offset);
    let end = at + offset_of!(Head, first);
    let mut entry = head.first;
    for _ in 0..MOST {
        if entry & !INHERITS == end {
            break;
        }
        // Before the word is released, and its mutex perhaps destroyed.
        let next = read::<usize>(entry & !INHERITS);
        let is_pending = entry & !INHERITS == head.pending & !INHERITS;
        if !is_pending && counts(entry) && !holder_ended(g, word_of(entry), entry, false) {
            return;
        }
        let Some(next) = next else { return };
        entry = next;
    }
    if head.pending != 0 && counts(head.pending) {
        holder_ended(g, word_of(head.pending), head.pending, true);
    }
}

/// What becomes of one word; false: there is none.
fn holder_ended(g: &Greenlet, at: usize, entry: usize, pending: bool) -> bool {
    let inherits = entry & INHERITS != 0;
    if !at.is_multiple_of(size_of::<u32>()) || read::<u32>(at).is_none() {
        return false;
    }
    // SAFETY: it has just been there; who takes it away while it is in the list of a thread
    // that ends takes it from the kernel, too.
    let word = unsafe { AtomicU32::from_ptr(at as *mut u32) };
    let mut now = word.load(Ordering::SeqCst);
    loop {
        // It had been released, or not been taken, when the thread came to its end: whoever
        // was to be woken, or was woken, must not be lost.
        if pending && !inherits && now & FUTEX_ID == 0 {
            futex::wake_one(at);
            return true;
        }
        if now & FUTEX_ID != g.id() {
            return true;
        }
        let dead = now & FUTEX_WAITERS | FUTEX_OWNER_DIED;
        match word.compare_exchange(now, dead, Ordering::SeqCst, Ordering::SeqCst) {
            Ok(_) => break,
            Err(changed) => now = changed,
        }
    }
    if !inherits && now & FUTEX_WAITERS != 0 {
        futex::wake_one(at);
    }
    true
}
