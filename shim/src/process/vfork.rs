//! vfork(2): the child borrows the parent's memory, stack and TLS block, until it has
//! executed a program or is gone; the kernel stops the parent's OS thread until then.
//!
//! For the parent it is a blocking section: the others go on elsewhere. The child is no
//! greenlet (the library's word in the TLS block, which it shares, is null
//! meanwhile), so that its calls pass through. What the library knows of
//! descriptors and signal actions is the parent's, and the child's are its own:
//! who writes such things down asks [`borrowed`] first.
//!
//! `vfork` returns twice, and what the first return leaves below the stack
//! pointer is gone by the second. So the hook is a few instructions that keep
//! what the parent needs in registers over the system call, as libc's does.

use super::{children, environment};
use crate::doorway::{self, Shim};
use crate::fd::known;
use crate::signal::mask;
use crate::table::Group;
use core::ffi::c_int;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use hub::arch;
use hub::greenlet::Greenlet;
use hub::hub::section;
use hub::observe::call::{self, Hook};
use hub::wait::{Reason, Section};
use libc::pid_t;

/// Children that have borrowed this memory now.
static BORROWERS: AtomicU32 = AtomicU32::new(0);
/// Something that was to be written down was not.
static NOT_NOTED: AtomicBool = AtomicBool::new(false);

/// Whether the caller has this memory from a parent that waits. (An OS thread that
/// is no greenlet and has chosen this very moment is taken for such a child, which
/// is why what is known of descriptors is forgotten afterwards.)
#[inline]
pub fn borrowed() -> bool {
    if BORROWERS.load(Ordering::Relaxed) == 0 || Greenlet::current().is_some() {
        return false;
    }
    NOT_NOTED.store(true, Ordering::Relaxed);
    true
}

/// What the parent must get back: two registers.
#[repr(C)]
pub struct Lent {
    /// The greenlet, [`STEPPED_OUT`] and [`OBSERVED`].
    greenlet: usize,
    /// The mask that the carrier had in the kernel.
    mask: u64,
}

/// It is in a blocking section.
const STEPPED_OUT: usize = 1;
/// Its call is observed.
const OBSERVED: usize = 2;

static HOOK: Hook = Hook::new("vfork", "Subprocess", "section", &[], "c_int");

/// The caller's child is going to borrow its memory; the call is observed if it has a `site`.
pub extern "C" fn lend(site: usize, sp: usize) -> Lent {
    known::all_shared();
    hub::hub::carrier::makes_child();
    let g = Greenlet::current();
    let mut greenlet = g.map_or(0, |g| ptr::from_ref(g) as usize);
    if site != 0 && hub::observe::on() && call::begin_unframed(&HOOK, site, sp) {
        greenlet |= OBSERVED;
    }
    if let Some(shim) = doorway::enter(Group::Subprocess) {
        section::begin(shim.greenlet, Reason::Section("vfork"), Section::Waits);
        core::mem::forget(shim);
        greenlet |= STEPPED_OUT;
    }
    let mask = g.map_or(0, mask::load_own);
    children::begins();
    BORROWERS.fetch_add(1, Ordering::Relaxed);
    arch::set_current(ptr::null_mut());
    Lent { greenlet, mask }
}

/// The child `pid` has let go of it; less than one: there is none.
pub fn take_back(lent: Lent, pid: pid_t) {
    let at = lent.greenlet & !(STEPPED_OUT | OBSERVED);
    arch::set_current(at as *mut _);
    children::made(pid);
    BORROWERS.fetch_sub(1, Ordering::Relaxed);
    environment::release_left();
    if NOT_NOTED.swap(false, Ordering::Relaxed) {
        known::forget_all();
    }
    // SAFETY: the greenlet that lent; they live for ever.
    let Some(greenlet) = (unsafe { (at as *const Greenlet).as_ref() }) else { return };
    mask::load_back(lent.mask);
    if lent.greenlet & STEPPED_OUT != 0 {
        section::end(greenlet);
        drop(Shim { greenlet });
    }
}

/// The parent's return: the child's id, or an error number.
extern "C" fn returned(lent: Lent, answer: isize) -> c_int {
    let observed = lent.greenlet & OBSERVED != 0;
    take_back(lent, answer as pid_t);
    let result = doorway::returned(hub::sys::check(answer)) as c_int;
    if observed {
        call::end_unframed(call::word(&result), doorway::errno());
    }
    result
}

macro_rules! vfork {
    ($name:ident) => {
        #[doc = concat!("Hook of `", stringify!($name), "`.")]
        ///
        /// # Safety
        /// As the libc function's.
        #[no_mangle]
        #[unsafe(naked)]
        pub unsafe extern "C" fn $name() -> c_int {
            #[cfg(target_arch = "x86_64")]
            core::arch::naked_asm!(
                "mov rdi, [rsp]",
                "mov rsi, rsp",
                "sub rsp, 8",
                "call {lend}",
                "add rsp, 8",
                // The kernel keeps all registers but rax, rcx and r11.
                "mov rdi, rax",
                "mov rsi, rdx",
                "pop r8",
                "mov eax, {number}",
                "syscall",
                "push r8",
                "test rax, rax",
                "jz 2f",
                "mov rdx, rax",
                "sub rsp, 8",
                "call {returned}",
                "add rsp, 8",
                "2:",
                "ret",
                lend = sym lend,
                returned = sym returned,
                number = const libc::SYS_vfork,
            );
            #[cfg(target_arch = "aarch64")]
            core::arch::naked_asm!(
                "mov x0, x30",
                "mov x1, sp",
                "stp x29, x30, [sp, #-16]!",
                "bl {lend}",
                "ldp x29, x30, [sp], #16",
                // The kernel keeps all registers but x0.
                "mov x9, x0",
                "mov x10, x1",
                "mov x0, #{flags}",
                "mov x1, #0",
                "mov x2, #0",
                "mov x3, #0",
                "mov x4, #0",
                "mov x8, #{number}",
                "svc #0",
                "cbz x0, 2f",
                "mov x2, x0",
                "mov x0, x9",
                "mov x1, x10",
                "stp x29, x30, [sp, #-16]!",
                "bl {returned}",
                "ldp x29, x30, [sp], #16",
                "2:",
                "ret",
                lend = sym lend,
                returned = sym returned,
                flags = const libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
                number = const libc::SYS_clone,
            );
        }
    };
}

vfork!(vfork);
vfork!(__vfork);
crate::hook_row! { vfork "Subprocess", "section", ["__vfork"] }
