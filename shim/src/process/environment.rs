//! The environment that an executed program gets: what [`follow`](super::follow)
//! says, put into effect.
//!
//! exec functions are called in children of fork and vfork, where malloc must not
//! be: a new list is made on the stack if it is short (a few hundred
//! variables), else in a mapping of its own. (That of a vfork's child is in its
//! parent's memory, and the parent gives it back: [`release_left`].) The program's
//! strings are not copied, and its list is not touched.

use super::follow::{self, Change, Started};
use super::vfork;
use core::ffi::{c_char, CStr};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use hub::syscall;
use libc::size_t;

extern "C" {
    static mut environ: List;
}

/// A list of variables, with a null pointer at its end.
pub type List = *const *const c_char;

/// The process's own list.
pub fn own() -> List {
    // SAFETY: libc's variable; only its value is read.
    unsafe { (&raw const environ).read_volatile() }
}

/// The entries of a list.
#[derive(Clone, Copy)]
struct Entries<'a> {
    at: List,
    list: core::marker::PhantomData<&'a c_char>,
}

impl<'a> Iterator for Entries<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        // SAFETY: by the contract of `entries`.
        unsafe {
            if self.at.is_null() || (*self.at).is_null() {
                return None;
            }
            let entry = CStr::from_ptr(*self.at).to_bytes();
            self.at = self.at.add(1);
            Some(entry)
        }
    }
}

/// # Safety
/// `list` is null or a list of strings that stay as they are meanwhile.
unsafe fn entries<'a>(list: List) -> Entries<'a> {
    Entries { at: list, list: core::marker::PhantomData }
}

/// Words of the stack that a new list may take.
const SHORT: usize = 512;

/// Call `f` with memory for `words` pointers, or with null if there is none.
pub fn with_words<R>(words: usize, f: impl FnOnce(*mut usize) -> R) -> R {
    if words <= SHORT {
        on_stack(f)
    } else {
        mapped(words, f)
    }
}

#[inline(never)]
fn on_stack<R>(f: impl FnOnce(*mut usize) -> R) -> R {
    let mut words = MaybeUninit::<[usize; SHORT]>::uninit();
    f(words.as_mut_ptr().cast())
}

fn map(bytes: usize) -> *mut usize {
    let (access, kind) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a fresh anonymous mapping.
    unsafe { syscall!(libc::SYS_mmap, 0, bytes, access, kind, -1isize, 0) }
        .map_or(ptr::null_mut(), |at| at as *mut usize)
}

/// At the begin of a mapping.
struct Head {
    /// In [`LEFT`].
    next: *mut Head,
    bytes: usize,
    /// Whose TLS block its maker was on.
    block: usize,
}

/// The mappings of children that have borrowed this memory by vfork(2). A child does
/// not come back from a successful exec, and has the TLS block of the thread that waits
/// for it.
static LEFT: AtomicPtr<Head> = AtomicPtr::new(ptr::null_mut());

fn own_block() -> usize {
    // SAFETY: takes nothing; the address is in the TLS block.
    unsafe { libc::__errno_location() as usize }
}

fn unmap(head: *mut Head) {
    // SAFETY: a mapping of `mapped`'s, which nobody uses any more.
    unsafe {
        let _ = syscall!(libc::SYS_munmap, head, (*head).bytes);
    }
}

fn leave(head: *mut Head) {
    let mut first = LEFT.load(Ordering::Relaxed);
    loop {
        // SAFETY: in nobody's list yet.
        unsafe { (*head).next = first };
        match LEFT.compare_exchange_weak(first, head, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => first = now,
        }
    }
}

/// The child that had the caller's block has let go of it: give its mappings back.
pub fn release_left() {
    if LEFT.load(Ordering::Relaxed).is_null() {
        return;
    }
    let (mut head, block) = (LEFT.swap(ptr::null_mut(), Ordering::AcqRel), own_block());
    while !head.is_null() {
        // SAFETY: taken out of the list, so that it is ours alone.
        let (next, of) = unsafe { ((*head).next, (*head).block) };
        // Those of another thread's child may be in use still. (If that thread looks
        // just now, it finds them the next time.)
        match of == block {
            true => unmap(head),
            false => leave(head),
        }
        head = next;
    }
}

#[inline(never)]
fn mapped<R>(words: usize, f: impl FnOnce(*mut usize) -> R) -> R {
    let bytes = words * size_of::<usize>() + size_of::<Head>();
    let head = map(bytes).cast::<Head>();
    if head.is_null() {
        return f(ptr::null_mut());
    }
    // SAFETY: a mapping of this size.
    unsafe { head.write(Head { next: ptr::null_mut(), bytes, block: own_block() }) };
    let left = vfork::borrowed();
    if left {
        leave(head);
    }
    // SAFETY: the words follow.
    let result = f(unsafe { head.add(1) }.cast());
    if !left {
        unmap(head);
    }
    result
}

/// A list to be made: how much memory it takes, and how it is filled.
struct Made<'a> {
    started: &'a Started,
    list: List,
    change: Change<'a>,
    entries: usize,
    text: usize,
}

impl Made<'_> {
    /// `None`: the list stays as it is.
    ///
    /// # Safety
    /// As [`entries`].
    unsafe fn new(path: &[u8], list: List) -> Option<Self> {
        let started = follow::started()?;
        // SAFETY: by the caller's contract.
        let (all, change) =
            unsafe { (entries(list), started.change(path, entries(list), follow::readable)) };
        let (added, text) = match &change {
            Change::None => return None,
            Change::Add { at: None, .. } => (1 + started.absent(all).count(), 0),
            Change::Add { others, .. } => {
                let text = started.preload().to_bytes().len() + 1 + others.len() + 1;
                (started.absent(all).count(), text)
            }
            Change::Remove { at } => (0, all.clone().nth(*at).map_or(0, <[u8]>::len) + 1),
        };
        Some(Made { started, list, change, entries: all.count() + added + 1, text })
    }

    fn words(&self) -> usize {
        self.entries + self.text.div_ceil(size_of::<usize>())
    }

    /// Fill `memory`.
    ///
    /// # Safety
    /// `memory` has [`words`](Self::words) words; the list is as it was.
    unsafe fn fill(&self, memory: *mut usize) -> List {
        let made = memory.cast::<*const c_char>();
        // SAFETY: text follows the pointers, as `words` has counted.
        let text = unsafe { memory.add(self.entries).cast::<u8>() };
        let mut length = 0;
        let mut count = 0;
        // SAFETY: as above.
        let mut write = |bytes: &[u8]| unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), text.add(length), bytes.len());
            length += bytes.len();
        };
        // SAFETY: as above.
        let mut push = |entry: *const c_char| unsafe {
            made.add(count).write(entry);
            count += 1;
        };
        // SAFETY: as above; the strings of `started` are never freed.
        unsafe {
            let all = entries(self.list);
            for (i, entry) in all.enumerate() {
                match self.change {
                    Change::Add { at: Some(at), others } if at == i => {
                        write(self.started.preload().to_bytes());
                        write(b":");
                        write(others);
                        write(b"\0");
                        push(text.cast());
                    }
                    Change::Remove { at } if at == i => {
                        if self.without_us(entry, &mut write) {
                            push(text.cast());
                        }
                    }
                    _ => push(*self.list.add(i)),
                }
            }
            if let Change::Add { at, .. } = self.change {
                if at.is_none() {
                    push(self.started.preload().as_ptr());
                }
                self.started.absent(all).for_each(|setting| push(setting.as_ptr()));
            }
        }
        push(ptr::null());
        made
    }

    /// Writes a variable LD_PRELOAD without the library; false if nothing is left of it.
    fn without_us(&self, variable: &[u8], write: &mut impl FnMut(&[u8])) -> bool {
        let start = variable.iter().position(|b| *b == b'=').map_or(0, |at| at + 1);
        let separator = |b: &u8| matches!(b, b':' | b' ');
        let others = || {
            variable[start..]
                .split(separator)
                .filter(|entry| !entry.is_empty() && !self.started.is_ours(entry))
        };
        if others().next().is_none() {
            return false;
        }
        write(&variable[..start]);
        for (i, entry) in others().enumerate() {
            if i != 0 {
                write(b":");
            }
            write(entry);
        }
        write(b"\0");
        true
    }
}

/// Call `f` with the list for the program at `path` that is to be executed with
/// `list`.
///
/// # Safety
/// `list` is null or a list of strings.
pub unsafe fn with<R>(path: &[u8], list: List, f: impl FnOnce(List) -> R) -> R {
    // SAFETY: by the caller's contract.
    match unsafe { Made::new(path, list) } {
        None => f(list),
        Some(made) => with_words(made.words(), |memory| match memory.is_null() {
            true => f(list),
            // SAFETY: as much memory as it wants.
            false => f(unsafe { made.fill(memory) }),
        }),
    }
}

/// Memory for a list that libc's own variable points to. It is never unmapped: an
/// OS thread that is in getenv(3) may still read it later.
struct Slot {
    busy: AtomicBool,
    memory: AtomicPtr<usize>,
    words: AtomicUsize,
}

static SLOTS: [Slot; 4] = [const {
    Slot {
        busy: AtomicBool::new(false),
        memory: AtomicPtr::new(ptr::null_mut()),
        words: AtomicUsize::new(0),
    }
}; 4];

impl Slot {
    fn take(words: usize) -> Option<&'static Slot> {
        let slot = SLOTS.iter().find(|s| !s.busy.swap(true, Ordering::Acquire))?;
        if slot.words.load(Ordering::Relaxed) < words {
            let words = words.next_power_of_two().max(SHORT);
            let memory = map(words * size_of::<usize>());
            if memory.is_null() {
                slot.busy.store(false, Ordering::Release);
                return None;
            }
            slot.memory.store(memory, Ordering::Relaxed);
            slot.words.store(words, Ordering::Relaxed);
        }
        Some(slot)
    }
}

/// Call a function of libc's that executes a shell with the process's own list
/// (popen(3), system(3), wordexp(3)): for its time the variable `environ` points to
/// what the shell is to get, if that differs.
pub fn in_own<R>(call: impl FnOnce() -> R) -> R {
    let list = own();
    // SAFETY: the process's own list, which nobody may change while functions
    // that read it run (POSIX).
    let Some(made) = (unsafe { Made::new(b"/bin/sh", list) }) else { return call() };
    let Some(slot) = Slot::take(made.words()) else { return call() };
    // SAFETY: as much memory as it wants, and ours.
    let new = unsafe { made.fill(slot.memory.load(Ordering::Relaxed)) };
    let _pointed = Pointed { new, list, slot };
    // SAFETY: libc's variable.
    unsafe { (&raw mut environ).write_volatile(new) };
    call()
}

/// The variable `environ` points to `new`, in `slot`, and not to `list`, until this is
/// dropped: also when a cancellation unwinds.
struct Pointed {
    new: List,
    list: List,
    slot: &'static Slot,
}

impl Drop for Pointed {
    fn drop(&mut self) {
        // A setenv(3) meanwhile has made a list of its own, with the strings of
        // this one: then the slot stays taken.
        if own() == self.new {
            // SAFETY: libc's variable; the list that it pointed to before.
            unsafe { (&raw mut environ).write_volatile(self.list) };
            self.slot.busy.store(false, Ordering::Release);
        }
    }
}

/// The bytes of a path, for [`with`].
///
/// # Safety
/// `path` is null or a string.
pub unsafe fn bytes<'a>(path: *const c_char) -> &'a [u8] {
    if path.is_null() {
        return b"";
    }
    // SAFETY: by the caller's contract.
    unsafe { CStr::from_ptr(path) }.to_bytes()
}

/// Call `f` with the path of the file behind a descriptor, for [`with`].
#[inline(never)]
pub fn with_path_of<R>(fd: core::ffi::c_int, f: impl FnOnce(&[u8]) -> R) -> R {
    const FDS: &[u8] = b"/proc/self/fd/";
    let mut link = [0u8; FDS.len() + 11];
    link[..FDS.len()].copy_from_slice(FDS);
    let digits = fd.max(0).checked_ilog10().unwrap_or(0) as usize + 1;
    let mut rest = fd.max(0);
    for i in (0..digits).rev() {
        link[FDS.len() + i] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let mut path = [0u8; 1024];
    let size: size_t = path.len();
    // SAFETY: a terminated path, a buffer of the told size.
    let length = unsafe {
        syscall!(libc::SYS_readlinkat, libc::AT_FDCWD, link.as_ptr(), path.as_mut_ptr(), size)
    };
    f(&path[..length.unwrap_or(0)])
}
