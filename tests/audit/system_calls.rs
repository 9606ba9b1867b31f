//! Linux's system calls on x86-64: which of them can wait, make threads or
//! processes, or concern what the kernel keeps per thread. All can, but those
//! listed here.

use crate::code::SystemCall;
use std::fmt;

/// Something that a call to a function of libc's can come to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// A system call by its name.
    Call(&'static str),
    /// One whose number is not in the table, or not a constant.
    Unknown(Option<u32>),
    /// A call through a pointer.
    Pointer,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::Call(name) => f.write_str(name),
            Effect::Unknown(Some(number)) => write!(f, "system call {number}"),
            Effect::Unknown(None) => f.write_str("some system call"),
            Effect::Pointer => f.write_str("a pointer"),
        }
    }
}

const FUTEX: u32 = 202;
const FCNTL: u32 = 72;

/// Neither wait nor concern one thread of several: they return at once, and what
/// they change is the process's.
const INSTANT: &str = "
mmap munmap mprotect mremap madvise brk mincore mlock munlock mlock2 remap_file_pages
getpid getppid getuid geteuid getgid getegid getpgrp getpgid getsid getgroups getresuid getresgid
setpgid setsid uname sysinfo umask getcwd chdir fchdir chroot
time gettimeofday clock_gettime clock_getres times clock_settime settimeofday adjtimex clock_adjtime
getrlimit setrlimit prlimit64 getitimer setitimer alarm timer_gettime timer_getoverrun timer_delete
timerfd_gettime lseek dup dup2 dup3 pipe pipe2 socket socketpair getsockname getpeername getsockopt
setsockopt bind listen rt_sigreturn kill sched_yield sched_get_priority_max
sched_get_priority_min shmget shmat shmdt shmctl semget semctl msgget msgctl inotify_add_watch
inotify_rm_watch membarrier sethostname setdomainname exit_group getcpu restart_syscall
";

/// What a system call amounts to; `None` if it returns at once.
pub fn effect(call: &SystemCall) -> Option<Effect> {
    let Some(number) = call.number else { return Some(Effect::Unknown(None)) };
    if number == FUTEX {
        // FUTEX_WAIT, LOCK_PI, WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2.
        const WAITING: [u32; 5] = [0, 6, 9, 11, 13];
        let waits = call.second.is_none_or(|operation| WAITING.contains(&(operation & 127)));
        return waits.then_some(Effect::Call("futex"));
    }
    if number == FCNTL {
        // F_SETLKW, F_OFD_SETLKW.
        let waits = call.second.is_none_or(|command| [7, 38].contains(&command));
        return waits.then_some(Effect::Call("fcntl"));
    }
    let Some(name) = NAMES.split_whitespace().nth(number as usize).filter(|_| number < 335) else {
        let newer = NEWER.iter().find(|(n, _)| *n == number);
        return Some(newer.map_or(Effect::Unknown(Some(number)), |(_, name)| Effect::Call(name)));
    };
    (!INSTANT.split_whitespace().any(|n| n == name)).then_some(Effect::Call(name))
}

/// In the order of their numbers, from 0 (`asm/unistd_64.h`).
const NAMES: &str = "
read write open close stat fstat lstat poll lseek mmap mprotect munmap brk rt_sigaction
rt_sigprocmask rt_sigreturn ioctl pread64 pwrite64 readv writev access pipe select sched_yield
mremap msync mincore madvise shmget shmat shmctl dup dup2 pause nanosleep getitimer alarm
setitimer getpid sendfile socket connect accept sendto recvfrom sendmsg recvmsg shutdown bind
listen getsockname getpeername socketpair setsockopt getsockopt clone fork vfork execve exit wait4
kill uname semget semop semctl shmdt msgget msgsnd msgrcv msgctl fcntl flock fsync fdatasync
truncate ftruncate getdents getcwd chdir fchdir rename mkdir rmdir creat link unlink symlink
readlink chmod fchmod chown fchown lchown umask gettimeofday getrlimit getrusage sysinfo times
ptrace getuid syslog getgid setuid setgid geteuid getegid setpgid getppid getpgrp setsid setreuid
setregid getgroups setgroups setresuid getresuid setresgid getresgid getpgid setfsuid setfsgid
getsid capget capset rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_sigsuspend sigaltstack utime
mknod uselib personality ustat statfs fstatfs sysfs getpriority setpriority sched_setparam
sched_getparam sched_setscheduler sched_getscheduler sched_get_priority_max sched_get_priority_min
sched_rr_get_interval mlock munlock mlockall munlockall vhangup modify_ldt pivot_root _sysctl
prctl arch_prctl adjtimex setrlimit chroot sync acct settimeofday mount umount2 swapon swapoff
reboot sethostname setdomainname iopl ioperm create_module init_module delete_module
get_kernel_syms query_module quotactl nfsservctl getpmsg putpmsg afs_syscall tuxcall security
gettid readahead setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr listxattr llistxattr
flistxattr removexattr lremovexattr fremovexattr tkill time futex sched_setaffinity
sched_getaffinity set_thread_area io_setup io_destroy io_getevents io_submit io_cancel
get_thread_area lookup_dcookie epoll_create epoll_ctl_old epoll_wait_old remap_file_pages
getdents64 set_tid_address restart_syscall semtimedop fadvise64 timer_create timer_settime
timer_gettime timer_getoverrun timer_delete clock_settime clock_gettime clock_getres
clock_nanosleep exit_group epoll_wait epoll_ctl tgkill utimes vserver mbind set_mempolicy
get_mempolicy mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr kexec_load
waitid add_key request_key keyctl ioprio_set ioprio_get inotify_init inotify_add_watch
inotify_rm_watch migrate_pages openat mkdirat mknodat fchownat futimesat newfstatat unlinkat
renameat linkat symlinkat readlinkat fchmodat faccessat pselect6 ppoll unshare set_robust_list
get_robust_list splice tee sync_file_range vmsplice move_pages utimensat epoll_pwait signalfd
timerfd_create eventfd fallocate timerfd_settime timerfd_gettime accept4 signalfd4 eventfd2
epoll_create1 dup3 pipe2 inotify_init1 preadv pwritev rt_tgsigqueueinfo perf_event_open recvmmsg
fanotify_init fanotify_mark prlimit64 name_to_handle_at open_by_handle_at clock_adjtime syncfs
sendmmsg setns getcpu process_vm_readv process_vm_writev kcmp finit_module sched_setattr
sched_getattr renameat2 seccomp getrandom memfd_create kexec_file_load bpf execveat userfaultfd
membarrier mlock2 copy_file_range preadv2 pwritev2 pkey_mprotect pkey_alloc pkey_free statx
io_pgetevents rseq
";

/// Those from 424 on.
const NEWER: &[(u32, &str)] = &[
    (424, "pidfd_send_signal"),
    (425, "io_uring_setup"),
    (426, "io_uring_enter"),
    (427, "io_uring_register"),
    (428, "open_tree"),
    (429, "move_mount"),
    (430, "fsopen"),
    (431, "fsconfig"),
    (432, "fsmount"),
    (433, "fspick"),
    (434, "pidfd_open"),
    (435, "clone3"),
    (436, "close_range"),
    (437, "openat2"),
    (438, "pidfd_getfd"),
    (439, "faccessat2"),
    (440, "process_madvise"),
    (441, "epoll_pwait2"),
    (442, "mount_setattr"),
    (443, "quotactl_fd"),
    (444, "landlock_create_ruleset"),
    (445, "landlock_add_rule"),
    (446, "landlock_restrict_self"),
    (447, "memfd_secret"),
    (448, "process_mrelease"),
    (449, "futex_waitv"),
    (450, "set_mempolicy_home_node"),
    (451, "cachestat"),
    (452, "fchmodat2"),
    (453, "map_shadow_stack"),
    (454, "futex_wake"),
    (455, "futex_wait"),
    (456, "futex_requeue"),
];
