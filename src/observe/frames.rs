//! Addresses in files: module, offset, and a name where the dynamic symbols tell one.

use super::document::{Comma, Json};
use super::modules;
use super::places::{Number, Place};
use core::ffi::{c_void, CStr};
use core::fmt::Write;
use core::sync::atomic::{AtomicBool, Ordering};

/// Whether the loader may be asked: not while the process dies by a signal, perhaps in
/// the loader.
static ASK_LOADER: AtomicBool = AtomicBool::new(true);

/// From here on the loader is asked nothing.
pub fn no_loader() {
    ASK_LOADER.store(false, Ordering::Relaxed);
}

/// `f` gets the name of the function at `address` and the offset in it, if the dynamic
/// symbols tell them.
pub fn name<R>(address: usize, f: impl FnOnce(&[u8], usize) -> R) -> Option<R> {
    if !ASK_LOADER.load(Ordering::Relaxed) {
        return None;
    }
    let mut info = core::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: `info` is writable, and zeroes are valid; dladdr's strings live as
    // long as their module.
    unsafe {
        let found = libc::dladdr(address as *const c_void, info.as_mut_ptr()) != 0;
        let info = info.assume_init();
        if !found || info.dli_sname.is_null() {
            return None;
        }
        let offset = address.wrapping_sub(info.dli_saddr as usize);
        Some(f(CStr::from_ptr(info.dli_sname).to_bytes(), offset))
    }
}

/// `[module, offset, "name+0x5"]`; the module is -1 for what is in no file.
pub fn frame(out: &mut impl Write, address: usize, deadline: u64) {
    let _ = match modules::find(address, deadline) {
        Some((module, offset)) => write!(out, "[{module},{offset}"),
        None => write!(out, "[-1,{address}"),
    };
    // A return address may be that of the next function.
    name(address - 1, |name, offset| {
        let _ = write!(out, ",{},{}", Json(name), offset + 1);
    });
    let _ = out.write_str("]");
}

/// A place: its number, the call, the stack.
pub fn place(out: &mut impl Write, number: Number, place: &Place, deadline: u64) {
    let call = place.hook().map_or("", |h| h.name);
    let _ = write!(out, "{{\"id\":{number},\"call\":{},\"frames\":[", Json(call.as_bytes()));
    let mut comma = Comma::new();
    for address in place.frames() {
        let _ = out.write_str(comma.next());
        frame(out, address, deadline);
    }
    let _ = out.write_str("]}");
}
