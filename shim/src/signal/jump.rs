//! sigsetjmp(3), siglongjmp(3): the mask that is saved and restored.
//!
//! glibc saves and restores the kernel's mask, which is the carrier's. These
//! hooks add the greenlet's own: it is put into the last two words of the
//! buffer's signal set, which has room for 1024 signals where the kernel has
//! 64, and comes into force again before the jump. They leave no frame.

use super::{alt_stack, deliver, mask, pending};
use crate::settings;
use crate::table::Group;
use core::ffi::{c_int, c_void};
use hub::greenlet::Greenlet;

/// Where `jmp_buf` has its flag; the set follows after 8 bytes. Before it are
/// the saved registers.
#[cfg(target_arch = "x86_64")]
const FLAG: usize = 64;
#[cfg(target_arch = "aarch64")]
const FLAG: usize = 176;
const SET: usize = FLAG + 8;
/// The words used, in the set.
const LIBCS_WORD: usize = 13;
const MARK_WORD: usize = 14;
const MASK_WORD: usize = 15;
/// Says that the other word is ours.
const MARK: u64 = 0x6765_7665_6e74_7273;

/// A signal set of libc's, of which it uses the first word.
#[derive(Clone, Copy)]
pub(super) struct Saved(*mut u64);

impl Saved {
    /// # Safety
    /// The set is a whole `sigset_t`, and stays as long as this.
    pub(super) unsafe fn new(set: *mut u64) -> Self {
        Saved(set)
    }

    /// Put the mask of the thread, which is `g`, into the words that libc does not
    /// use.
    pub(super) fn save(self, g: Option<&Greenlet>) {
        // SAFETY: by the contract of `new`.
        unsafe {
            match g {
                Some(g) => {
                    *self.0.add(MARK_WORD) = MARK;
                    *self.0.add(MASK_WORD) = mask::of(g);
                }
                None => *self.0.add(MARK_WORD) = 0,
            }
        }
    }

    /// libc's own word, which the program may look at and change, is what the program finds
    /// from here on.
    pub(super) fn note_libcs(self) {
        // SAFETY: by the contract of `new`, here and below.
        unsafe { *self.0.add(LIBCS_WORD) = *self.0 };
    }

    /// libc is about to put `mask` there.
    pub(super) fn will_be(self, mask: u64) {
        // SAFETY: as above.
        unsafe { *self.0.add(LIBCS_WORD) = mask };
    }

    /// Put `mask` there.
    pub(super) fn show(self, mask: u64) {
        // SAFETY: as above.
        unsafe { *self.0 = mask };
        self.note_libcs();
    }

    /// What the program has changed in libc's own word since that was noted, it has meant for the
    /// thread's mask.
    pub(super) fn take_in_changes(self) {
        // SAFETY: by the contract of `new`.
        unsafe {
            if *self.0.add(MARK_WORD) == MARK {
                let changed = *self.0 ^ *self.0.add(LIBCS_WORD);
                let mask = self.0.add(MASK_WORD);
                *mask = *mask & !changed | *self.0 & changed;
            }
        }
    }
}

extern "C" fn choose_set(buffer: *mut u8, save: c_int) -> *mut c_void {
    static REAL: crate::table::Real = crate::table::Real::new("__sigsetjmp\0", "");
    if save != 0 {
        // SAFETY: the program's buffer; libc writes the set's first word only.
        unsafe { Saved::new(buffer.add(SET).cast()) }.save(Greenlet::current());
    }
    REAL.get()
}

/// The caller is about to jump to where this set belongs: bring its mask into force,
/// and let libc give the kernel what it has now.
pub(super) fn restore(set: Saved) {
    let Some(g) = Greenlet::current().filter(|_| settings::patched(Group::Signal)) else {
        return;
    };
    // SAFETY: by the contract of `new`.
    unsafe {
        let words = set.0;
        // One from before the first thread has the kernel's mask alone.
        let saved = if *words.add(MARK_WORD) == MARK { *words.add(MASK_WORD) } else { *words };
        mask::set(g, saved);
        *words = mask::after_handler(g);
    }
    // What the saved mask lets through comes before the jump, as in libc.
    if pending::noted() && !g.in_shim() {
        deliver::run_all(g);
    }
}

fn before_jump(buffer: *mut u8) {
    // SAFETY: the program's buffer, which sigsetjmp or setjmp has filled.
    unsafe {
        if *buffer.add(FLAG).cast::<c_int>() == 0 {
            return;
        }
        if let Some(g) = Greenlet::current() {
            g.forget_handlers();
        }
        restore(Saved::new(buffer.add(SET).cast()));
    }
}

/// Where libc must not check that a jump goes outwards. Its check takes an inward one
/// for a mistake unless the kernel says that the caller is on an alternate stack, and
/// the kernel does not know a greenlet's.
fn unchecked() -> bool {
    let here = 0u8;
    Greenlet::current().is_some_and(|g| alt_stack::on_own(g, &raw const here as usize))
}

macro_rules! jump {
    ($name:ident, $choose:ident $(, $unchecked:ident)?) => {
        extern "C" fn $choose(buffer: *mut u8, _: c_int) -> *mut c_void {
            static REAL: $crate::table::Real =
                $crate::table::Real::new(concat!(stringify!($name), "\0"), "");
            $crate::look_up_early!(REAL.get());
            before_jump(buffer);
            $(
                static UNCHECKED: $crate::table::Real =
                    $crate::table::Real::new(concat!(stringify!($unchecked), "\0"), "");
                $crate::look_up_early!(UNCHECKED.get());
                if unchecked() {
                    return UNCHECKED.get();
                }
            )?
            REAL.get()
        }
        $crate::tail_call!(
            #[doc = concat!("Hook of `", stringify!($name), "`: restores the thread's mask.")]
            $name = $choose
        );
        $crate::hook_row! { $name "Signal", "never", [] }
    };
}

crate::tail_call!(
    /// Hook of `__sigsetjmp`: saves the thread's mask.
    __sigsetjmp = choose_set
);
crate::hook_row! { __sigsetjmp "Signal", "never", [] }
jump!(siglongjmp, choose_siglongjmp);
jump!(longjmp, choose_longjmp);
jump!(_longjmp, choose__longjmp);
jump!(__longjmp_chk, choose_longjmp_chk, longjmp);
