//! A hooked call from its entry to its return.
//!
//! The hooks' entries (assembly in the preload library) store the site and the
//! stack pointer in the running greenlet's ledger while anybody wants to know;
//! [`begin`] and [`Call::end`] run around the hook's own function, as program code.

use super::ledger::{self, Ledger};
use super::peers::Peer;
use super::places::{self, Number};
use super::why::Why;
use super::{asked, clock, modules, trace, TRACE};
use crate::greenlet::Greenlet;
use crate::hub;
use core::ptr;

/// How an argument is shown, as its type and its name say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// Not at all: a buffer's address says nothing.
    Not,
    /// The string that it points to.
    String,
    /// The time that it points to.
    Timespec,
    /// Likewise, in microseconds.
    Timeval,
    /// The socket's address that it points to.
    Address,
    /// As an address, or `NULL`.
    Pointer,
    /// As an address.
    Hex,
    /// As an `int`.
    Int,
    /// Likewise, in hexadecimal if there is any.
    Flags,
    /// As an `unsigned`.
    Unsigned,
    /// As a `long`.
    Long,
    /// As an `unsigned long`.
    UnsignedLong,
    /// A small number, or an address.
    Word,
}

/// How a result is shown, as its type and the function's name say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowResult {
    /// There is none.
    Not,
    /// As an address; NULL is an error.
    Pointer,
    /// As an `int`; -1 is an error.
    Int,
    /// As a `long`; -1 is an error.
    Long,
    /// As an `int` that is an error itself, if it is not 0.
    Error,
}

/// What a call does with a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It is none of the lock calls.
    No,
    /// On success the caller holds the lock at the first argument.
    Takes,
    /// On success the caller is one of those that hold it.
    Shares,
    /// On success the lock at the first argument is held no more.
    Releases,
    /// The lock at the second argument is given away while the call waits.
    Lends,
}

/// One exported function, as told by its row of the hook table.
#[derive(Debug)]
pub struct Hook {
    /// The function's name.
    pub name: &'static str,
    /// Its patch group.
    pub group: &'static str,
    /// Its parameters: name and type.
    pub parameters: &'static [(&'static str, &'static str)],
    /// The type of its result; empty: none.
    pub result: &'static str,
    /// Whether it may wait at all.
    pub waits: bool,
    /// What it does with a lock.
    pub lock: Lock,
    /// It is no call of the program's, but what calls `main`.
    pub runs_main: bool,
    /// The number of its group in [`GROUPS`].
    pub group_bit: u32,
    /// Whether showing its arguments takes the program's memory.
    pub reads_memory: bool,
    /// How its arguments are shown.
    pub shows: [Show; ARGUMENTS],
    /// How its result is shown.
    pub shows_result: ShowResult,
}

/// The patch groups, in the order of their numbers.
pub const GROUPS: [&str; 10] =
    ["Thread", "Time", "Select", "Socket", "Os", "Dns", "Subprocess", "Signal", "File", "Sys"];

const fn group_bit(group: &str) -> u32 {
    let mut n = 0;
    while n < GROUPS.len() {
        if equal(group, GROUPS[n]) {
            return n as u32;
        }
        n += 1;
    }
    panic!("a patch group that is none")
}

const fn ends_with(text: &str, end: &str) -> bool {
    let (text, end) = (text.as_bytes(), end.as_bytes());
    if text.len() < end.len() {
        return false;
    }
    let mut n = 0;
    while n < end.len() {
        if text[text.len() - end.len() + n] != end[n] {
            return false;
        }
        n += 1;
    }
    true
}

/// Whether a parameter of type `kind` points to what is shown in its place.
const fn is_shown_by_content(kind: &str) -> bool {
    let read = !kind.is_empty() && kind.as_bytes()[0] == b'*' && kind.as_bytes()[2] == b'c';
    read && (ends_with(kind, "c_char")
        || ends_with(kind, "timespec")
        || ends_with(kind, "timeval")
        || ends_with(kind, "sockaddr"))
}

const fn starts_with(text: &str, start: &str) -> bool {
    let (text, start) = (text.as_bytes(), start.as_bytes());
    if text.len() < start.len() {
        return false;
    }
    let mut n = 0;
    while n < start.len() {
        if text[n] != start[n] {
            return false;
        }
        n += 1;
    }
    true
}

const fn ends_with_one_of(text: &str, ends: &[&str]) -> bool {
    let mut n = 0;
    while n < ends.len() {
        if ends_with(text, ends[n]) {
            return true;
        }
        n += 1;
    }
    false
}

const fn show(name: &str, kind: &str) -> Show {
    const BUFFERS: &[&str] = &["buffer", "buf", "data", "message"];
    const UNSIGNED: &[&str] = &["c_uint", "socklen_t", "u32", "mode_t"];
    const LONG: &[&str] = &["off_t", "off64_t", "ssize_t", "c_long", "i64", "time_t"];
    const UNSIGNED_LONG: &[&str] = &["size_t", "nfds_t", "c_ulong", "u64", "usize"];
    if ends_with(kind, "c_void") && one_of(name, BUFFERS) {
        return Show::Not;
    }
    if starts_with(kind, "*") {
        return match starts_with(kind, "* mut") || starts_with(kind, "*mut") {
            true => Show::Pointer,
            false if ends_with(kind, "c_char") => Show::String,
            false if ends_with(kind, "timespec") => Show::Timespec,
            false if ends_with(kind, "timeval") => Show::Timeval,
            false if ends_with(kind, "sockaddr") => Show::Address,
            false => Show::Pointer,
        };
    }
    if ends_with(kind, "pthread_t") {
        Show::Hex
    } else if ends_with_one_of(kind, &["c_int", "pid_t", "clockid_t"]) {
        match equal(name, "flags") || equal(name, "options") {
            true => Show::Flags,
            false => Show::Int,
        }
    } else if ends_with_one_of(kind, UNSIGNED) {
        Show::Unsigned
    } else if ends_with_one_of(kind, LONG) {
        Show::Long
    } else if ends_with_one_of(kind, UNSIGNED_LONG) {
        Show::UnsignedLong
    } else {
        Show::Word
    }
}

const fn show_result(name: &str, kind: &str) -> ShowResult {
    let by_value = starts_with(name, "pthread_")
        || starts_with(name, "sem_clock")
        || starts_with(name, "posix_");
    if kind.is_empty() {
        ShowResult::Not
    } else if starts_with(kind, "*") {
        ShowResult::Pointer
    } else if by_value {
        ShowResult::Error
    } else if ends_with_one_of(kind, &["size_t", "long", "off64_t"]) {
        ShowResult::Long
    } else {
        ShowResult::Int
    }
}

const fn equal(a: &str, b: &str) -> bool {
    a.len() == b.len() && starts_with(a, b)
}

const fn one_of(name: &str, list: &[&str]) -> bool {
    let mut n = 0;
    while n < list.len() {
        if equal(name, list[n]) {
            return true;
        }
        n += 1;
    }
    false
}

/// Calls after whose success (0) the caller holds a lock exclusively.
const TAKERS: &[&str] = &[
    "pthread_mutex_lock",
    "__pthread_mutex_lock",
    "pthread_mutex_trylock",
    "__pthread_mutex_trylock",
    "pthread_mutex_timedlock",
    "pthread_mutex_clocklock",
    "mtx_lock",
    "mtx_trylock",
    "mtx_timedlock",
    "pthread_rwlock_wrlock",
    "__pthread_rwlock_wrlock",
    "pthread_rwlock_trywrlock",
    "__pthread_rwlock_trywrlock",
    "pthread_rwlock_timedwrlock",
    "pthread_rwlock_clockwrlock",
    "pthread_spin_lock",
    "pthread_spin_trylock",
];
const SHARERS: &[&str] = &[
    "pthread_rwlock_rdlock",
    "__pthread_rwlock_rdlock",
    "pthread_rwlock_tryrdlock",
    "__pthread_rwlock_tryrdlock",
    "pthread_rwlock_timedrdlock",
    "pthread_rwlock_clockrdlock",
];
const RELEASERS: &[&str] = &[
    "pthread_mutex_unlock",
    "__pthread_mutex_unlock",
    "mtx_unlock",
    "pthread_rwlock_unlock",
    "__pthread_rwlock_unlock",
    "pthread_spin_unlock",
];

const LENDERS: &[&str] = &[
    "pthread_cond_wait",
    "__pthread_cond_wait",
    "pthread_cond_timedwait",
    "__pthread_cond_timedwait",
    "pthread_cond_clockwait",
    "cnd_wait",
    "cnd_timedwait",
];

impl Hook {
    /// Of a row of the hook table; `how` is what that says on how it waits.
    pub const fn new(
        name: &'static str,
        group: &'static str,
        how: &str,
        parameters: &'static [(&'static str, &'static str)],
        result: &'static str,
    ) -> Self {
        let lock = if one_of(name, TAKERS) {
            Lock::Takes
        } else if one_of(name, SHARERS) {
            Lock::Shares
        } else if one_of(name, RELEASERS) {
            Lock::Releases
        } else if one_of(name, LENDERS) {
            Lock::Lends
        } else {
            Lock::No
        };
        let mut reads_memory = false;
        let mut shows = [Show::Not; ARGUMENTS];
        let mut n = 0;
        while n < parameters.len() {
            reads_memory |= is_shown_by_content(parameters[n].1);
            if n < ARGUMENTS {
                shows[n] = show(parameters[n].0, parameters[n].1);
            }
            n += 1;
        }
        let shows_result = show_result(name, result);
        let waits = !equal(how, "never");
        let group_bit = group_bit(group);
        Hook {
            name,
            group,
            parameters,
            result,
            waits,
            lock,
            runs_main: equal(name, "__libc_start_main"),
            group_bit,
            reads_memory,
            shows,
            shows_result,
        }
    }

    /// Stands for waits that no hooked call begins, those of the API.
    const fn of_waits(group: &'static str) -> Self {
        Hook::new("", group, "readiness", &[], "")
    }

    #[cfg(test)]
    pub(crate) const fn for_test(name: &'static str) -> Self {
        Hook::new(name, "Os", "readiness", &[], "")
    }
}

static WAITS: [Hook; 6] = [
    Hook::of_waits("Thread"),
    Hook::of_waits("Time"),
    Hook::of_waits("Select"),
    Hook::of_waits("Socket"),
    Hook::of_waits("Dns"),
    Hook::of_waits("Subprocess"),
];

/// What stands for the hook of a wait that no hooked call has begun.
pub(super) fn of_wait(why: Why) -> &'static Hook {
    &WAITS[match why {
        Why::Sleep => 1,
        Why::Poll | Why::Epoll => 2,
        Why::Read | Why::Write | Why::Accept | Why::Connect => 3,
        Why::Section => 4,
        Why::Child => 5,
        _ => 0,
    }]
}

/// Arguments that are kept of a call.
pub const ARGUMENTS: usize = 6;

/// The bits of a value that is no longer than a word; of a longer one its first word.
#[inline(always)]
pub fn word<T>(value: &T) -> u64 {
    let mut word = 0u64;
    let length = size_of::<T>().min(8);
    // SAFETY: copies the value's own bytes.
    unsafe {
        ptr::copy_nonoverlapping(
            ptr::from_ref(value).cast::<u8>(),
            (&raw mut word).cast::<u8>(),
            length,
        );
    }
    word
}

/// What a ledger says of the call that is under way.
#[derive(Clone, Copy)]
pub struct Current {
    /// Null: none is.
    pub hook: *const Hook,
    /// Where it was called.
    pub place: Number,
    /// When it began; 0: nobody has looked at the clock.
    pub entered: u64,
    /// What it was called with.
    pub arguments: [u64; ARGUMENTS],
    /// How long it has waited so far.
    pub waited: u64,
    /// How long it has queued after that.
    pub delayed: u64,
    /// The reason of the longest of its waits, and that one's length.
    pub longest: (Why, u64, u64),
    /// That reason's text, if it has one.
    pub text: &'static str,
    /// And who is at the other end of its descriptor.
    pub peer: Peer,
}

impl Current {
    /// No call.
    pub const NONE: Current = Current {
        hook: ptr::null(),
        place: 0,
        entered: 0,
        arguments: [0; ARGUMENTS],
        waited: 0,
        delayed: 0,
        longest: (Why::None, 0, 0),
        text: "",
        peer: 0,
    };
}

/// A call that has begun.
pub struct Call {
    ledger: &'static Ledger,
    /// The call inside which this one was made (by a handler, or by libc in a
    /// blocking section), if there is one.
    outer: Option<Current>,
    /// Nothing was to be scheduled when it began: if it waits, then in the real
    /// call.
    alone: bool,
}

/// A call begins. `None`: it is our own code's, or that of an OS thread that is no
/// greenlet, and is not observed.
pub fn begin(hook: &'static Hook, arguments: &[u64]) -> Option<Call> {
    if hook.runs_main {
        return None;
    }
    let ledger = match Greenlet::current() {
        Some(g) if g.in_shim() => return None,
        Some(g) => ledger::of(g)?,
        None => ledger::early()?,
    };
    if ledger.busy.replace(true) {
        return None;
    }
    let (mut site, sp) = ledger.entry();
    let mut depth = ledger.base.get().wrapping_sub(sp);
    if modules::is_own(site) {
        // syscall(2) has been sent on to the function that it stands for.
        (site, depth) = ledger.outer_entry.get();
    } else {
        ledger.outer_entry.set((site, depth));
    }
    let last = ledger.last_place.get();
    let place = if last.0 == (ptr::from_ref(hook), site, depth) {
        last.1
    } else {
        let place = places::find(hook, site, depth);
        ledger.last_place.set(((ptr::from_ref(hook), site, depth), place));
        place
    };
    let alone = !hub::active();
    let entered = if alone && hook.waits || asked(TRACE) { clock::now() } else { 0 };
    let mut current = Current { hook, place, entered, ..Current::NONE };
    let kept = arguments.len().min(ARGUMENTS);
    current.arguments[..kept].copy_from_slice(&arguments[..kept]);
    // SAFETY: a cell of this thread's; nobody writes it meanwhile, for the ledger is busy.
    let alone_in_it = unsafe { (*ledger.call.as_ptr()).hook.is_null() };
    let outer = match alone_in_it {
        true => {
            ledger.call.set(current);
            None
        }
        false => Some(ledger.call.replace(current)),
    };
    if hook.lock == Lock::Lends {
        ledger.lock_changed(Lock::Releases, current.arguments[1] as usize);
    }
    ledger.busy.set(false);
    Some(Call { ledger, outer, alone })
}

/// [`begin`] for a function that leaves no frame in which the call could be kept (vfork(2)):
/// called at `site`, with the stack at `sp`. True: [`end_unframed`] is to come.
pub fn begin_unframed(hook: &'static Hook, site: usize, sp: usize) -> bool {
    let Some(ledger) = Greenlet::current().and_then(ledger::of) else { return false };
    // One call is kept: that of a handler inside another call is not observed.
    // SAFETY: a cell of this thread's.
    if unsafe { !(*ledger.call.as_ptr()).hook.is_null() } {
        return false;
    }
    ledger.set_entry(site, sp);
    begin(hook, &[]).map(core::mem::forget).is_some()
}

/// It returns `result`, on the greenlet that has begun it.
pub fn end_unframed(result: u64, errno: i32) {
    if let Some(ledger) = Greenlet::current().and_then(ledger::of) {
        Call { ledger, outer: None, alone: !hub::active() }.end(result, errno);
    }
}

impl Call {
    /// It returns `result`. `errno` is what the program will see.
    pub fn end(self, result: u64, errno: i32) {
        self.over(Some((result, errno)));
        core::mem::forget(self);
    }

    fn over(&self, result: Option<(u64, i32)>) {
        let ledger = self.ledger;
        if ledger.busy.replace(true) {
            return;
        }
        let call = ledger.call.get();
        // SAFETY: set by `begin`, to a static.
        if let Some(hook) = unsafe { call.hook.as_ref() } {
            if self.alone && hook.waits && call.waited == 0 {
                ledger.waited_in_the_kernel();
            }
            match hook.lock {
                Lock::No => {}
                Lock::Lends => ledger.lock_changed(Lock::Takes, call.arguments[1] as usize),
                change if matches!(result, Some((0, _))) => {
                    ledger.lock_changed(change, call.arguments[0] as usize);
                }
                _ => {}
            }
            if asked(TRACE) {
                trace::call_over(&ledger.call.get(), hook, result);
            }
        }
        ledger.call.set(self.outer.unwrap_or(Current::NONE));
        ledger.busy.set(false);
    }
}

impl Drop for Call {
    /// It is unwound: by pthread_exit or a cancellation.
    fn drop(&mut self) {
        self.over(None);
    }
}
