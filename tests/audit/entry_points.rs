//! What a pthread program can call that waits, or that has to do with threads
//! and descriptors, by family: glibc 2.36's names on x86-64. A name must be
//! hooked or have its reason in `docs/unhooked.md`; one that the installed
//! libc lacks is passed over.

/// Thread life, cleanup and unwinding, thread-specific data, C11's threads.
pub const THREADS: &str = "
pthread_create pthread_join pthread_tryjoin_np pthread_timedjoin_np pthread_clockjoin_np
pthread_detach pthread_exit pthread_self pthread_equal pthread_kill pthread_sigqueue
pthread_cancel pthread_testcancel pthread_setcancelstate pthread_setcanceltype
pthread_setname_np pthread_getname_np pthread_getattr_np pthread_attr_setstack
pthread_attr_setstacksize pthread_attr_setsigmask_np pthread_getcpuclockid
pthread_setaffinity_np pthread_getaffinity_np pthread_setschedparam pthread_getschedparam
pthread_setschedprio pthread_yield sched_yield __sched_yield pthread_atfork
pthread_setattr_default_np pthread_getattr_default_np pthread_getconcurrency
pthread_setconcurrency gettid
__pthread_register_cancel __pthread_unregister_cancel __pthread_register_cancel_defer
__pthread_unregister_cancel_restore __pthread_unwind_next _pthread_cleanup_push
_pthread_cleanup_pop __pthread_cleanup_routine __cxa_thread_atexit_impl
pthread_key_create __pthread_key_create pthread_key_delete pthread_getspecific
__pthread_getspecific pthread_setspecific __pthread_setspecific tss_create tss_delete
tss_get tss_set
thrd_create thrd_join thrd_detach thrd_exit thrd_yield thrd_current thrd_equal
";

/// Mutexes, condition variables, read-write locks, barriers, spin locks,
/// once, semaphores, C11's forms, and the raw futex.
pub const LOCKS: &str = "
pthread_mutex_init pthread_mutex_destroy pthread_mutex_lock pthread_mutex_trylock
pthread_mutex_timedlock pthread_mutex_clocklock pthread_mutex_unlock
pthread_mutex_consistent pthread_mutex_getprioceiling pthread_mutex_setprioceiling
__pthread_mutex_init __pthread_mutex_destroy __pthread_mutex_lock
__pthread_mutex_trylock __pthread_mutex_unlock
pthread_cond_init pthread_cond_destroy pthread_cond_wait pthread_cond_timedwait
pthread_cond_clockwait pthread_cond_signal pthread_cond_broadcast pthread_condattr_setclock
pthread_rwlock_init pthread_rwlock_destroy pthread_rwlock_rdlock pthread_rwlock_wrlock
pthread_rwlock_tryrdlock pthread_rwlock_trywrlock pthread_rwlock_timedrdlock
pthread_rwlock_timedwrlock pthread_rwlock_clockrdlock pthread_rwlock_clockwrlock
pthread_rwlock_unlock __pthread_rwlock_init __pthread_rwlock_destroy
__pthread_rwlock_rdlock __pthread_rwlock_wrlock __pthread_rwlock_tryrdlock
__pthread_rwlock_trywrlock __pthread_rwlock_unlock
pthread_barrier_init pthread_barrier_wait pthread_barrier_destroy
pthread_spin_init pthread_spin_lock pthread_spin_trylock pthread_spin_unlock
pthread_spin_destroy pthread_once __pthread_once
sem_init sem_destroy sem_open sem_close sem_unlink sem_wait sem_timedwait sem_clockwait
sem_trywait sem_post sem_getvalue
mtx_init mtx_lock mtx_timedlock mtx_trylock mtx_unlock mtx_destroy cnd_init cnd_wait
cnd_timedwait cnd_signal cnd_broadcast cnd_destroy call_once
syscall
";

/// Sleeping. (Waiting for signals is the signals' family.)
pub const TIME: &str = "
sleep usleep nanosleep __nanosleep clock_nanosleep thrd_sleep
alarm ualarm setitimer timer_create timer_settime
";

/// Waiting for any of many descriptors.
pub const SELECT: &str = "
select __select pselect poll __poll ppoll epoll_create epoll_create1 epoll_ctl epoll_wait
epoll_pwait epoll_pwait2 __poll_chk __ppoll_chk __fdelt_chk __fdelt_warn
";

/// Sockets.
pub const SOCKET: &str = "
socket __socket socketpair bind listen accept accept4 connect __connect shutdown send __send
sendto sendmsg sendmmsg __sendmmsg recv __recv recvfrom recvmsg recvmmsg __recv_chk
__recvfrom_chk getsockopt setsockopt getpeername getsockname sockatmark isfdtype bindresvport
";

/// Reading, writing, and the life of descriptors.
pub const FD_IO: &str = "
read __read write __write readv writev pread pread64 __pread64 pwrite pwrite64 __pwrite64
preadv preadv64 preadv2 preadv64v2 pwritev pwritev64 pwritev2 pwritev64v2 __read_chk
__pread_chk __pread64_chk sendfile sendfile64 splice tee vmsplice copy_file_range
eventfd_read eventfd_write getrandom getentropy ioctl fcntl fcntl64 __fcntl flock lockf lockf64
tcdrain tcflow tcflush tcgetattr tcsetattr tcsendbreak
sync fsync fdatasync msync sync_file_range syncfs
open open64 __open __open64 __open_2 __open64_2 openat openat64 __openat_2 __openat64_2 creat
creat64 close __close close_range closefrom dup dup2 __dup2 dup3 pipe __pipe pipe2 eventfd
timerfd_create timerfd_settime signalfd inotify_init inotify_init1 memfd_create pidfd_open
open_by_handle_at truncate truncate64 ftruncate ftruncate64 fallocate fallocate64 posix_fallocate
posix_fallocate64 readahead posix_fadvise posix_fadvise64
opendir closedir readdir fopen fopen64 fclose freopen freopen64
";

/// Queues and semaphores that are the kernel's.
pub const IPC: &str = "
semget semop semtimedop semctl msgget msgsnd msgrcv msgctl shmget shmat shmdt shmctl ftok
mq_open __mq_open_2 mq_close mq_unlink mq_send mq_timedsend mq_receive mq_timedreceive
mq_notify mq_getattr mq_setattr
";
