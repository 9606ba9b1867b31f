//! Which system calls the signal may end: see the head of [`super`].

/// The system calls that a signal may end with EINTR. (Where the frame stands
/// before a call one cannot see whether that has begun: an mmap(2) of malloc's
/// must not fail so.)
pub(super) fn may_end(number: i64) -> bool {
    #[cfg(target_arch = "x86_64")]
    const OLD: &[i64] = &[
        libc::SYS_open,
        libc::SYS_creat,
        libc::SYS_poll,
        libc::SYS_select,
        libc::SYS_epoll_wait,
        libc::SYS_pause,
    ];
    #[cfg(not(target_arch = "x86_64"))]
    const OLD: &[i64] = &[];
    const ENDS: &[i64] = &[
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_pread64,
        libc::SYS_preadv,
        libc::SYS_preadv2,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_pwrite64,
        libc::SYS_pwritev,
        libc::SYS_pwritev2,
        libc::SYS_sendfile,
        libc::SYS_splice,
        libc::SYS_tee,
        libc::SYS_vmsplice,
        libc::SYS_openat,
        libc::SYS_openat2,
        libc::SYS_ppoll,
        libc::SYS_pselect6,
        libc::SYS_epoll_pwait,
        libc::SYS_epoll_pwait2,
        libc::SYS_accept,
        libc::SYS_accept4,
        libc::SYS_connect,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_recvmmsg,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
        libc::SYS_wait4,
        libc::SYS_waitid,
        libc::SYS_futex,
        libc::SYS_futex_waitv,
        libc::SYS_flock,
        libc::SYS_fcntl,
        libc::SYS_ioctl,
        libc::SYS_semop,
        libc::SYS_semtimedop,
        libc::SYS_msgrcv,
        libc::SYS_msgsnd,
        libc::SYS_mq_timedreceive,
        libc::SYS_mq_timedsend,
        libc::SYS_nanosleep,
        libc::SYS_clock_nanosleep,
        libc::SYS_rt_sigtimedwait,
        libc::SYS_rt_sigsuspend,
        libc::SYS_getrandom,
        libc::SYS_io_getevents,
        libc::SYS_io_uring_enter,
    ];
    ENDS.contains(&number) || OLD.contains(&number)
}

/// The system calls in which libc waits for a peer, and lets a thread be cancelled as
/// its own call would be. (Not those in which it waits for its locks or reads its files,
/// which it does with cancellation held off.)
pub(super) fn may_unwind(number: i64) -> bool {
    #[cfg(target_arch = "x86_64")]
    if number == libc::SYS_poll {
        return true;
    }
    const WAITS: &[i64] = &[
        libc::SYS_ppoll,
        libc::SYS_connect,
        libc::SYS_recvfrom,
        libc::SYS_recvmsg,
        libc::SYS_sendto,
        libc::SYS_sendmsg,
        libc::SYS_sendmmsg,
    ];
    WAITS.contains(&number)
}

/// As [`may_unwind`], where libc reads what somebody writes, or waits for a child of its own.
pub(super) fn may_unwind_reading(number: i64) -> bool {
    matches!(number, libc::SYS_read | libc::SYS_wait4)
}
