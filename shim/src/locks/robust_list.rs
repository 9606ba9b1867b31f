//! The kernel's robust lists, as glibc registers one for each OS thread
//! (set_robust_list(2)): what an OS thread holds, and what it is about to take.
//! [`robust_shared`](super::robust_shared) says what for.
//!
//! glibc's form: a mutex is linked by two fields, `__prev` and `__next`, and linked
//! to by the address of its `__next`. A head has the same two fields.

use super::mutex::Mutex;
use core::ptr;
use core::sync::atomic::{compiler_fence, AtomicPtr, AtomicU32, Ordering};
use libc::iovec;

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
pub struct Guardian {
    /// Its id, which is the process's.
    pub id: u32,
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
    /// The calling process's. `None`: the kernel does not tell, or glibc's list has
    /// an unknown form.
    pub fn find() -> Option<Guardian> {
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
    pub fn announce(&self, m: Option<&Mutex>) {
        compiler_fence(Ordering::SeqCst);
        // SAFETY: the list's head lives as long as its thread.
        unsafe { (&raw mut (*self.head).pending).write_volatile(m.map_or(ptr::null_mut(), link)) };
        compiler_fence(Ordering::SeqCst);
    }

    /// Put a mutex that was just taken into the list.
    pub fn enlist(&self, m: &Mutex) {
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
    pub fn delist(&self, m: &Mutex) {
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

/// What the list of the OS thread that waits says: that it is about to take a
/// mutex. It holds from before the wait until the mutex was tried again.
pub struct Intent(*mut Head);

impl Intent {
    /// It waits for nothing.
    pub const NONE: Intent = Intent(ptr::null_mut());

    /// On the OS thread that is to wait.
    pub fn state(g: &Guardian, m: &Mutex) -> Intent {
        let mut head: *mut Head = ptr::null_mut();
        let mut length = 0usize;
        // SAFETY: the kernel fills our two words; 0 is the calling OS thread.
        let told =
            unsafe { hub::syscall!(libc::SYS_get_robust_list, 0, &raw mut head, &raw mut length) };
        if told.is_err() || head.is_null() || head == g.head || length != size_of::<Head>() {
            return Intent::NONE;
        }
        // SAFETY: the OS thread's own, registered by glibc, whose lists all have
        // one form. (A list of another form is the program's business.)
        unsafe {
            if (*head).futex_offset != (*g.head).futex_offset {
                return Intent::NONE;
            }
            AtomicPtr::from_ptr(&raw mut (*head).pending).store(link(m), Ordering::SeqCst);
        }
        Intent(head)
    }

    /// The mutex was tried. By now the OS thread may have another intent, or have
    /// ended and taken its list with it: so the kernel reads and writes the word
    /// for us, and refuses what is not there.
    pub fn done(&mut self, m: &Mutex) {
        let head = core::mem::replace(&mut self.0, ptr::null_mut());
        if head.is_null() {
            return;
        }
        let there = iovec {
            iov_base: head.wrapping_byte_add(core::mem::offset_of!(Head, pending)).cast(),
            iov_len: size_of::<*mut Link>(),
        };
        let mut pending: *mut Link = ptr::null_mut();
        let mut none: *mut Link = ptr::null_mut();
        let here = |word: *mut *mut Link| iovec { iov_base: word.cast(), ..there };
        let (read_to, write_from) = (here(&raw mut pending), here(&raw mut none));
        let there = &raw const there;
        // SAFETY: our own words, and one that is a list's if it is there at all.
        unsafe {
            let pid = libc::getpid();
            let to = &raw const read_to;
            let read = hub::syscall!(libc::SYS_process_vm_readv, pid, to, 1, there, 1, 0);
            if read == Ok(read_to.iov_len) && pending == link(m) {
                let from = &raw const write_from;
                let _ = hub::syscall!(libc::SYS_process_vm_writev, pid, from, 1, there, 1, 0);
            }
        }
    }
}

fn link(m: &Mutex) -> *mut Link {
    m.lock.as_ptr().wrapping_byte_add(LINK).cast()
}
