//! Stacks in reports: taken where the code runs, in a signal's handler if need
//! be; named and printed elsewhere.

use crate::greenlet::Greenlet;
use crate::report::say;
use core::ffi::{c_int, c_void, CStr};
use core::fmt::Write;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Frames kept, at most.
pub const MOST: usize = 48;

extern "C" {
    fn _Unwind_Backtrace(
        each: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        arg: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
    fn _Unwind_GetCFA(context: *mut c_void) -> usize;
}

/// A stack: return addresses, the innermost first.
pub struct Trace {
    frames: [AtomicUsize; MOST],
    /// Where on the stack each lies; 0: not known.
    slots: [AtomicUsize; MOST],
    len: AtomicUsize,
    /// Frames from this address of the stack on are not looked at.
    end: AtomicUsize,
}

impl Trace {
    /// An empty one.
    pub const fn new() -> Self {
        Trace {
            frames: [const { AtomicUsize::new(0) }; MOST],
            slots: [const { AtomicUsize::new(0) }; MOST],
            len: AtomicUsize::new(0),
            end: AtomicUsize::new(usize::MAX),
        }
    }

    /// Take the caller's stack. Allocates nothing; the unwinder reads the tables
    /// of the loaded modules.
    pub fn capture(&self) {
        extern "C" fn each(context: *mut c_void, trace: *mut c_void) -> c_int {
            const CONTINUE: c_int = 0;
            const END: c_int = 5;
            // SAFETY: `capture` passes its own trace; the unwinder its context.
            let (trace, address, at) = unsafe {
                (&*trace.cast::<Trace>(), _Unwind_GetIP(context), _Unwind_GetCFA(context))
            };
            let n = trace.len.load(Ordering::Relaxed);
            if n == MOST || address == 0 || at >= trace.end.load(Ordering::Relaxed) {
                return END;
            }
            trace.frames[n].store(address, Ordering::Relaxed);
            // A call's return address is the last word before its caller's part of the stack
            // on x86-64; elsewhere it is where the callee has put it.
            let slot = at.wrapping_sub(size_of::<usize>());
            // SAFETY: a word of the stack that is being unwound.
            let is_there = at != 0 && unsafe { (slot as *const usize).read_volatile() } == address;
            trace.slots[n].store(if is_there { slot } else { 0 }, Ordering::Relaxed);
            trace.len.store(n + 1, Ordering::Relaxed);
            CONTINUE
        }
        self.len.store(0, Ordering::Relaxed);
        // SAFETY: the callback keeps to the trace.
        unsafe { _Unwind_Backtrace(each, core::ptr::from_ref(self).cast_mut().cast()) };
    }

    /// Call `f` with each return address, the innermost first.
    pub fn each(&self, mut f: impl FnMut(usize)) {
        let len = self.len.load(Ordering::Relaxed).min(MOST);
        self.frames[..len].iter().for_each(|frame| f(frame.load(Ordering::Relaxed)));
    }

    /// Call `f` with each return address and where on the stack it lies (0: not known), the
    /// innermost first.
    pub fn each_with_slot(&self, mut f: impl FnMut(usize, usize)) {
        let len = self.len.load(Ordering::Relaxed).min(MOST);
        for (frame, slot) in self.frames[..len].iter().zip(&self.slots) {
            f(frame.load(Ordering::Relaxed), slot.load(Ordering::Relaxed));
        }
    }

    /// [`each`](Self::each), without the frames of a handler that took the stack.
    pub fn each_of_program(&self, f: impl FnMut(usize)) {
        let len = self.len.load(Ordering::Relaxed).min(MOST);
        let frames = self.frames[..len].iter().map(|f| f.load(Ordering::Relaxed));
        frames.skip(self.handlers(len)).for_each(f);
    }

    /// Take the stack of a greenlet that waits: up to its first frame, beyond which
    /// there is the OS thread that once resumed it. False: it does not wait, has not
    /// run yet, or has no room for looking. In our code.
    pub fn capture_of(&self, g: &Greenlet) -> bool {
        /// What the unwinder needs, and some.
        const ROOM: usize = 16 * 1024;
        /// The coroutine's own frames, at the end of its stack.
        const BASE: usize = 512;
        extern "C" fn look(trace: *mut c_void) {
            // SAFETY: `capture_of` passes its own trace.
            unsafe { &*trace.cast::<Trace>() }.capture();
        }
        let (sp, stack) = (g.sp.get(), g.stack());
        self.len.store(0, Ordering::Relaxed);
        if sp.is_null() || g.is_away() {
            return false;
        }
        if !g.is_root() {
            if (sp as usize) < stack.limit + ROOM || sp as usize >= stack.base {
                return false;
            }
            self.end.store(stack.base - BASE, Ordering::Relaxed);
        }
        let trace = core::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: the greenlet waits while the caller has the hub, and there is room.
        unsafe { crate::arch::on_stack_left(sp, look, trace) };
        true
    }

    /// Its frames as text, the innermost first, a line each after `indent` spaces; at
    /// most `most`. The `skip` innermost are left out.
    pub fn describe(&self, out: &mut String, indent: usize, skip: usize, most: usize) {
        let len = self.len.load(Ordering::Relaxed).min(MOST);
        let frames = self.frames[..len].iter().map(|f| f.load(Ordering::Relaxed));
        for (n, address) in frames.skip(skip).take(most).enumerate() {
            let _ = writeln!(out, "{:indent$}#{n} {}", "", Place::of(address));
        }
    }

    /// Print it, without the frames below and including that of a handler, which
    /// is in the module that holds this code. Not in a signal's handler.
    pub fn print(&self) {
        let len = self.len.load(Ordering::Relaxed).min(MOST);
        let frames = self.frames[..len].iter().map(|f| f.load(Ordering::Relaxed));
        for (n, address) in frames.skip(self.handlers(len)).enumerate() {
            if !print_frame(n, address) {
                return;
            }
        }
    }

    /// Print a stack of which only the innermost frame is known.
    pub fn print_one(address: usize) {
        print_frame(0, address);
        say(format_args!("geventrs:   (blocked in the kernel: no more is known)"));
    }

    /// How many frames are the handler's that took the stack: those up to the
    /// return into the kernel's trampoline.
    fn handlers(&self, len: usize) -> usize {
        let trampoline = crate::arch::signal_trampoline();
        let at = self.frames[..len]
            .iter()
            .position(|f| (trampoline..trampoline + 16).contains(&f.load(Ordering::Relaxed)));
        at.map_or(0, |n| n + 1)
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

/// Where an address of code is: function and offset where the dynamic symbols tell
/// them, else the module and the offset in it, which addr2line(1) takes.
struct Place {
    address: usize,
    info: Option<libc::Dl_info>,
}

impl Place {
    fn of(address: usize) -> Place {
        let mut info = core::mem::MaybeUninit::<libc::Dl_info>::zeroed();
        // SAFETY: `info` is writable, and zeroes are valid.
        let (found, info) = unsafe {
            (libc::dladdr(address as *const c_void, info.as_mut_ptr()) != 0, info.assume_init())
        };
        Place { address, info: found.then_some(info) }
    }

    fn text(at: *const libc::c_char) -> &'static str {
        // SAFETY: dladdr's strings live as long as their module.
        let bytes = if at.is_null() { b"" } else { unsafe { CStr::from_ptr(at) }.to_bytes() };
        core::str::from_utf8(bytes).unwrap_or("?")
    }

    /// The file's name; empty if it is in none.
    fn module(&self) -> &'static str {
        let path = self.info.as_ref().map_or("", |info| Self::text(info.dli_fname));
        path.rsplit('/').next().unwrap_or(path)
    }
}

impl core::fmt::Display for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Some(info) = &self.info else { return write!(f, "{:#x}", self.address) };
        let (name, module) = (Self::text(info.dli_sname), self.module());
        if name.is_empty() {
            return write!(f, "{module}+{:#x}", self.address - info.dli_fbase as usize);
        }
        write!(f, "{name}+{:#x} in {module}", self.address - info.dli_saddr as usize)
    }
}

/// One line. False: from here on the frames are the preload library's.
fn print_frame(n: usize, address: usize) -> bool {
    let place = Place::of(address);
    if place.module().starts_with("libgeventrs") {
        return false;
    }
    say(format_args!("geventrs:   #{n} {place}"));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_holds_its_callers() {
        let trace = Trace::new();
        trace.capture();
        let n = trace.len.load(Ordering::Relaxed);
        assert!(n > 2, "{n} frames");
        trace.capture();
        assert_eq!(trace.len.load(Ordering::Relaxed), n, "a second capture starts anew");
    }
}
