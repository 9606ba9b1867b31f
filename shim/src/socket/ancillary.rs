//! Descriptors that travel in messages (SCM_RIGHTS, unix(7)): their
//! descriptions are shared from then on.

use crate::doorway::Shim;
use crate::fd::known::{self, Known};
use crate::fd::making;
use core::ffi::c_int;
use hub::hub as scheduler;
use libc::msghdr;

/// Call `each` for every descriptor in the message's control data.
unsafe fn descriptors(message: &msghdr, mut each: impl FnMut(c_int)) {
    if message.msg_control.is_null() || message.msg_controllen == 0 {
        return;
    }
    // SAFETY: control data that the kernel has accepted or written.
    unsafe {
        let mut at = libc::CMSG_FIRSTHDR(message);
        while let Some(head) = at.as_ref() {
            if head.cmsg_level == libc::SOL_SOCKET && head.cmsg_type == libc::SCM_RIGHTS {
                let data = libc::CMSG_DATA(at).cast::<c_int>();
                let bytes = head.cmsg_len - (data as usize - at as usize);
                for i in 0..bytes / size_of::<c_int>() {
                    each(data.add(i).read_unaligned());
                }
            }
            at = libc::CMSG_NXTHDR(message, at);
        }
    }
}

/// A message was received by program code.
///
/// # Safety
/// The kernel has filled the message.
pub unsafe fn received(message: &msghdr) {
    // SAFETY: by the contract.
    unsafe {
        descriptors(message, |fd| {
            known::uneven_reads();
            making::made(fd, Known::NOTHING);
        });
    }
}

/// As [`received`], within a hook.
///
/// # Safety
/// As for [`received`].
pub unsafe fn received_in(_shim: &Shim, message: &msghdr) {
    // SAFETY: by the contract.
    unsafe {
        descriptors(message, |fd| {
            known::uneven_reads();
            scheduler::with_reactor(|r, run| r.forget(fd, run));
            known::set(fd, Known::NOTHING);
        });
    }
}

/// A message was sent.
///
/// # Safety
/// The kernel has accepted the message.
pub unsafe fn sent(message: &msghdr) {
    // SAFETY: by the contract.
    unsafe {
        descriptors(message, |fd| {
            known::uneven_reads();
            known::shared(fd);
        });
    }
}
