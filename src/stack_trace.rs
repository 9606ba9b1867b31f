//! Stacks in reports: taken where the code runs, in a signal's handler if need
//! be; named and printed elsewhere.

use crate::report::say;
use core::ffi::{c_int, c_void, CStr};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Frames kept, at most.
pub const MOST: usize = 48;

extern "C" {
    fn _Unwind_Backtrace(
        each: extern "C" fn(*mut c_void, *mut c_void) -> c_int,
        arg: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
}

/// A stack: return addresses, the innermost first.
pub struct Trace {
    frames: [AtomicUsize; MOST],
    len: AtomicUsize,
}

impl Trace {
    /// An empty one.
    pub const fn new() -> Self {
        Trace { frames: [const { AtomicUsize::new(0) }; MOST], len: AtomicUsize::new(0) }
    }

    /// Take the caller's stack. Allocates nothing; the unwinder reads the tables
    /// of the loaded modules.
    pub fn capture(&self) {
        extern "C" fn each(context: *mut c_void, trace: *mut c_void) -> c_int {
            const CONTINUE: c_int = 0;
            const END: c_int = 5;
            // SAFETY: `capture` passes its own trace; the unwinder its context.
            let (trace, address) = unsafe { (&*trace.cast::<Trace>(), _Unwind_GetIP(context)) };
            let n = trace.len.load(Ordering::Relaxed);
            if n == MOST || address == 0 {
                return END;
            }
            trace.frames[n].store(address, Ordering::Relaxed);
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

    /// [`each`](Self::each), without the frames of a handler that took the stack.
    pub fn each_of_program(&self, f: impl FnMut(usize)) {
        let len = self.len.load(Ordering::Relaxed).min(MOST);
        let frames = self.frames[..len].iter().map(|f| f.load(Ordering::Relaxed));
        frames.skip(self.handlers(len)).for_each(f);
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

/// One line: function and offset where the dynamic symbols tell them, else the
/// module and the offset in it, which addr2line(1) takes. False: from here on
/// the frames are the preload library's.
fn print_frame(n: usize, address: usize) -> bool {
    let mut info = core::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `info` is writable, and zeroes are valid.
    let (found, info) = unsafe {
        (libc::dladdr(address as *const c_void, info.as_mut_ptr()) != 0, info.assume_init())
    };
    let text = |p: *const libc::c_char| {
        // SAFETY: dladdr's strings live as long as their module.
        let bytes = if p.is_null() { b"" } else { unsafe { CStr::from_ptr(p) }.to_bytes() };
        core::str::from_utf8(bytes).unwrap_or("?")
    };
    if !found {
        say(format_args!("geventrs:   #{n} {address:#x}"));
        return true;
    }
    let module = text(info.dli_fname);
    let module = module.rsplit('/').next().unwrap_or(module);
    if module.starts_with("libgeventrs") {
        return false;
    }
    let name = text(info.dli_sname);
    if name.is_empty() {
        let offset = address - info.dli_fbase as usize;
        say(format_args!("geventrs:   #{n} {module}+{offset:#x}"));
    } else {
        let offset = address - info.dli_saddr as usize;
        say(format_args!("geventrs:   #{n} {name}+{offset:#x} in {module}"));
    }
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
