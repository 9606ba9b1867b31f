//! execve(2) and its family: the program becomes another one.
//!
//! The hub must not signal the caller any more: a signal that is pending when the
//! new program begins would have its default action there. The hooks leave no
//! frame; what the program passes goes to libc as it is.

use crate::table::Real;
use core::ffi::c_void;
use hub::hub as scheduler;

macro_rules! held {
    ($name:ident, $choose:ident) => {
        extern "C" fn $choose() -> *mut c_void {
            static REAL: Real = Real::new(concat!(stringify!($name), "\0"), "\0");
            if scheduler::active() {
                scheduler::hold_for_exec();
            }
            REAL.get()
        }
        $crate::tail_call!(
            #[doc = concat!("Hook of `", stringify!($name), "`: the hub signals the caller no more.")]
            $name = $choose
        );
        $crate::hook_row! { $name "Subprocess", "never", [] }
    };
}

held!(execve, choose_execve);
held!(execv, choose_execv);
held!(execvp, choose_execvp);
held!(execvpe, choose_execvpe);
held!(execl, choose_execl);
held!(execlp, choose_execlp);
held!(execle, choose_execle);
held!(fexecve, choose_fexecve);
held!(execveat, choose_execveat);
