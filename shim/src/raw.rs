//! syscall(2): system calls by number.
//!
//! Rust's std, libstdc++, glib, CPython and others make futex calls, ask for
//! thread ids and poll this way. The numbers of waiting calls that have a hook are sent
//! there (all whose arguments are the function's, on every architecture); every
//! other passes through unchanged.
//!
//! `openat2` passes, too: its flags are in the program's memory, which must not be
//! read before the kernel has checked the address, and it is used where paths are
//! confined, not for FIFOs. An open that waits there is the program's own call.
//! So is `open_by_handle_at`; `name_to_handle_at` returns at once.

use crate::fd::closing::{close, close_range};
use crate::fd::control::{fcntl, ioctl};
use crate::io::file_lock::flock;
use crate::io::open::openat;
#[cfg(target_arch = "x86_64")]
use crate::io::open::{creat, open};
use crate::io::read::{read, readv};
use crate::io::regular::{copy_file_range, pread, preadv, pwrite, pwritev};
use crate::io::sync::{fdatasync, fsync, msync, sync, sync_file_range, syncfs};
use crate::io::write::{write, writev};
use crate::ipc::message_queue::{msgrcv, msgsnd};
use crate::ipc::posix_queue::{mq_timedreceive, mq_timedsend};
use crate::ipc::semaphore_set::{semop, semtimedop};
use crate::locks::registered_list;
use crate::process::wait::wait4;
use crate::process::{clone, exec};
use crate::select::epoll::{epoll_pwait, epoll_pwait2};
use crate::signal::{self, own_process, owner};
use crate::socket::accept::accept4;
use crate::socket::connect::connect;
use crate::socket::receive::{recvfrom, recvmsg};
use crate::socket::send::{sendmsg, sendto};
use crate::standing::numbers;
use core::ffi::{c_int, c_long, c_uint};
use hub::hub as scheduler;
use libc::timespec;

crate::hooks! {
    Thread "as the call" fn syscall(number: c_long, a: usize, b: usize, c: usize, d: usize, e: usize, f: usize) -> c_long = syscall_;
}

unsafe fn syscall_(
    number: c_long,
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> c_long {
    // syscall(2) is no cancellation point, whatever the number.
    let _no_point = crate::thread::cancel::NoPoint::begin();
    // SAFETY: the program's own call; arguments have the types that the
    // numbered call gives them.
    unsafe {
        match number {
            libc::SYS_futex => {
                let futex = crate::locks::futex::Call {
                    address: a,
                    operation: b as c_int,
                    value: c as u32,
                    timeout: d,
                    address2: e,
                    value3: f as u32,
                };
                if let Some(answer) = crate::locks::futex::call(futex) {
                    return answer;
                }
            }
            libc::SYS_tkill => {
                if let Some(error) = signal::send::to_id(a as c_int, b as c_int) {
                    return errno_style(error);
                }
            }
            libc::SYS_tgkill if a as c_int == libc::getpid() => {
                if let Some(error) = signal::send::to_id(b as c_int, c as c_int) {
                    return errno_style(error);
                }
            }
            libc::SYS_getcpu => {
                let result = real::syscall(number, a, b, c, d, e, f);
                if result == 0 {
                    crate::thread::processor::told_raw(a as *mut c_uint);
                }
                return result;
            }
            libc::SYS_kill => return own_process::kill(a as c_int, b as c_int) as c_long,
            libc::SYS_rt_sigqueueinfo => {
                if let Some(error) = own_process::queue_raw(a as c_int, b as c_int, c as _) {
                    return errno_style(error);
                }
            }
            libc::SYS_rt_tgsigqueueinfo if a as c_int == libc::getpid() => {
                if let Some(error) = signal::send::to_id_as(b as c_int, c as c_int, d as _) {
                    return errno_style(error);
                }
            }
            libc::SYS_pidfd_send_signal => {
                let call = || real::syscall(number, a, b, c, d, e, f) as c_int;
                let (fd, signal, flags) = (a as c_int, b as c_int, d as c_uint);
                return signal::own_group::by_descriptor(fd, signal, flags, call) as c_long;
            }
            // A vfork could not return from here in parent and child.
            #[cfg(target_arch = "x86_64")]
            libc::SYS_fork | libc::SYS_vfork => {
                let call = || real::syscall(libc::SYS_fork, 0, 0, 0, 0, 0, 0) as c_int;
                return clone::raw(0, call) as c_long;
            }
            // With a stack of its own the child returns to nowhere.
            libc::SYS_clone if b == 0 && clone::copies(a as c_int) => {
                let call = || real::syscall(number, a, b, c, d, e, f) as c_int;
                return clone::raw(a as c_int, call) as c_long;
            }
            libc::SYS_clone3 => {
                if let Some(flags) = clone::flags_of(a, b) {
                    let call = || real::syscall(number, a, b, c, d, e, f) as c_int;
                    return clone::raw(flags, call) as c_long;
                }
            }
            libc::SYS_execve => {
                let call = |envp| real::syscall(number, a, b, envp, d, e, f) as c_int;
                return exec::raw(a, c, call) as c_long;
            }
            libc::SYS_execveat => {
                let call = |envp| real::syscall(number, a, b, c, envp, e, f) as c_int;
                return exec::raw_at(a as c_int, b, d, call) as c_long;
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_signalfd => {
                return signal_descriptor(real::syscall(number, a, b, c, d, e, f), b)
            }
            libc::SYS_signalfd4 => {
                return signal_descriptor(real::syscall(number, a, b, c, d, e, f), b)
            }
            libc::SYS_timer_create => {
                return signal::timer::create_raw(a, b as _, c as _) as c_long
            }
            libc::SYS_timer_settime => {
                if let Some(t) = signal::processor_timer::find(a as c_int) {
                    return errno_style(signal::timer::set_ours(t, b as c_int, c as _, d as _));
                }
            }
            libc::SYS_timer_gettime => {
                let result = real::syscall(number, a, b, c, d, e, f);
                if let (0, Some(t)) = (result, signal::processor_timer::find(a as c_int)) {
                    *(b as *mut libc::itimerspec) = t.left();
                }
                return result;
            }
            libc::SYS_timer_getoverrun => {
                if let Some(t) = signal::processor_timer::find(a as c_int) {
                    return c_long::from(t.overruns());
                }
            }
            libc::SYS_timer_delete => {
                let result = real::syscall(number, a, b, c, d, e, f);
                if result == 0 {
                    signal::timer::deleted_raw(a as c_int);
                }
                return result;
            }
            // The OS thread is not the thread's to end: that ends as by pthread_exit(3).
            libc::SYS_exit if crate::thread::identity::is_greenlet() => {
                if scheduler::live() > 1 {
                    crate::thread::end::pthread_exit(core::ptr::null_mut());
                }
                return syscall_(libc::SYS_exit_group, a, 0, 0, 0, 0, 0);
            }
            libc::SYS_exit_group => {
                hub::observe::write_out(hub::observe::End::Exit("_exit"));
            }
            // Natively it is libc's word, which the kernel clears at the thread's end. The
            // kernel would take a greenlet's for the carrier's, and write there when that ends.
            libc::SYS_set_tid_address if crate::thread::identity::is_greenlet() => {
                return crate::thread::identity::gettid_() as c_long
            }
            libc::SYS_set_robust_list => {
                if let Some(error) = registered_list::set(a, b) {
                    return errno_style(error);
                }
            }
            libc::SYS_get_robust_list => {
                if let Some(error) = registered_list::get(a as c_int, b as _, c as _) {
                    return errno_style(error);
                }
            }
            libc::SYS_gettid => return crate::thread::identity::gettid_() as c_long,
            libc::SYS_clock_gettime => {
                return crate::thread::processor_clock::clock_gettime(a as c_int, b as _) as c_long
            }
            libc::SYS_clock_getres => {
                return crate::thread::processor_clock::clock_getres(a as c_int, b as _) as c_long
            }
            libc::SYS_clock_settime => {
                return crate::thread::processor_clock::clock_settime(a as c_int, b as _) as c_long
            }
            libc::SYS_getrusage => {
                return crate::thread::processor_clock::getrusage(a as c_int, b as _) as c_long
            }
            libc::SYS_sched_yield => return crate::thread::create::sched_yield() as c_long,
            libc::SYS_nanosleep => {
                return crate::time::nanosleep(a as *const timespec, b as *mut timespec) as c_long
            }
            libc::SYS_clock_nanosleep => {
                // The function answers with an error number, the call with -1.
                let error = crate::time::clock_nanosleep(
                    a as c_int,
                    b as c_int,
                    c as *const timespec,
                    d as *mut timespec,
                );
                return errno_style(error);
            }
            libc::SYS_read => return read(a as c_int, b as _, c) as c_long,
            libc::SYS_write => return write(a as c_int, b as _, c) as c_long,
            libc::SYS_readv => return readv(a as c_int, b as _, c as c_int) as c_long,
            libc::SYS_writev => return writev(a as c_int, b as _, c as c_int) as c_long,
            libc::SYS_recvfrom => {
                return recvfrom(a as c_int, b as _, c, d as c_int, e as _, f as _) as c_long
            }
            libc::SYS_sendto => {
                return sendto(a as c_int, b as _, c, d as c_int, e as _, f as _) as c_long
            }
            libc::SYS_recvmsg => return recvmsg(a as c_int, b as _, c as c_int) as c_long,
            libc::SYS_sendmsg => return sendmsg(a as c_int, b as _, c as c_int) as c_long,
            libc::SYS_connect => return connect(a as c_int, b as _, c as _) as c_long,
            libc::SYS_accept4 => return accept4(a as c_int, b as _, c as _, d as c_int) as c_long,
            libc::SYS_close => return close(a as c_int) as c_long,
            libc::SYS_epoll_pwait => {
                return epoll_pwait(a as c_int, b as _, c as c_int, d as c_int, e as _) as c_long
            }
            libc::SYS_epoll_pwait2 => {
                return epoll_pwait2(a as c_int, b as _, c as c_int, d as _, e as _) as c_long
            }
            libc::SYS_pread64 => return pread(a as c_int, b as _, c, d as _) as c_long,
            libc::SYS_pwrite64 => return pwrite(a as c_int, b as _, c, d as _) as c_long,
            libc::SYS_preadv => return preadv(a as c_int, b as _, c as c_int, d as _) as c_long,
            libc::SYS_pwritev => return pwritev(a as c_int, b as _, c as c_int, d as _) as c_long,
            libc::SYS_copy_file_range => {
                let (from, to) = (a as c_int, c as c_int);
                return copy_file_range(from, b as _, to, d as _, e, f as _) as c_long;
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => return open(a as _, b as c_int, c as _) as c_long,
            #[cfg(target_arch = "x86_64")]
            libc::SYS_creat => return creat(a as _, b as _) as c_long,
            libc::SYS_openat => return openat(a as c_int, b as _, c as c_int, d as _) as c_long,
            libc::SYS_flock => return flock(a as c_int, b as c_int) as c_long,
            // libc's function answers F_GETOWN in another way than the call.
            libc::SYS_fcntl
                if matches!(
                    b as c_int,
                    libc::F_SETLKW
                        | libc::F_OFD_SETLKW
                        | libc::F_SETFL
                        | libc::F_DUPFD
                        | libc::F_DUPFD_CLOEXEC
                        | libc::F_SETOWN
                        | owner::F_SETOWN_EX
                        | owner::F_GETOWN_EX
                ) =>
            {
                return fcntl(a as c_int, b as c_int, c) as c_long
            }
            libc::SYS_ioctl => return ioctl(a as c_int, b as _, c) as c_long,
            libc::SYS_fsync => return fsync(a as c_int) as c_long,
            libc::SYS_fdatasync => return fdatasync(a as c_int) as c_long,
            libc::SYS_sync => {
                sync();
                return 0;
            }
            libc::SYS_syncfs => return syncfs(a as c_int) as c_long,
            libc::SYS_msync => return msync(a as _, b, c as c_int) as c_long,
            libc::SYS_sync_file_range => {
                return sync_file_range(a as c_int, b as _, c as _, d as _) as c_long
            }
            libc::SYS_semop => return semop(a as c_int, b as _, c) as c_long,
            libc::SYS_semtimedop => return semtimedop(a as c_int, b as _, c, d as _) as c_long,
            libc::SYS_msgsnd => return msgsnd(a as c_int, b as _, c, d as c_int) as c_long,
            libc::SYS_msgrcv => return msgrcv(a as c_int, b as _, c, d as _, e as c_int) as c_long,
            libc::SYS_mq_timedsend => {
                return mq_timedsend(a as c_int, b as _, c, d as _, e as _) as c_long
            }
            libc::SYS_mq_timedreceive => {
                return mq_timedreceive(a as c_int, b as _, c, d as _, e as _) as c_long
            }
            libc::SYS_wait4 => return wait4(a as c_int, b as _, c as c_int, d as _) as c_long,
            libc::SYS_close_range => {
                return close_range(a as c_uint, b as c_uint, c as c_int) as c_long
            }
            _ => {
                let call =
                    |a: [usize; 6]| real::syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
                if let Some(answer) = numbers::answer(number, [a, b, c, d, e, f], call) {
                    return answer;
                }
            }
        }
        real::syscall(number, a, b, c, d, e, f)
    }
}

/// A descriptor of signalfd(2) has been made, or its mask has been changed.
///
/// # Safety
/// `mask` is the call's own argument.
unsafe fn signal_descriptor(made: c_long, mask: usize) -> c_long {
    if made >= 0 {
        let errno = crate::doorway::errno();
        // SAFETY: the kernel has read its set; ours is larger, of which one word is looked at.
        signal::send::watched(unsafe { &*(mask as *const libc::sigset_t) });
        crate::doorway::set_errno(errno);
    }
    made
}

/// An error number the way system calls report it.
pub fn errno_style(error: c_int) -> c_long {
    if error == 0 {
        return 0;
    }
    crate::doorway::set_errno(error);
    -1
}
