//! What a pthread program can call that waits, or that has to do with threads
//! and descriptors, by family: glibc 2.36's names on x86-64. A name must be
//! hooked or have its reason in `docs/unhooked.md`; one that the installed
//! libc lacks is passed over.

/// Names that a newer glibc has than the one that the tests may run on: hooked
/// for the programs that were built with it. (2.38: C23's `%b` in `scanf`;
/// 2.39: children by descriptor; 2.41: scheduling.)
pub const NEWER: &str = "
__isoc23_scanf __isoc23_fscanf __isoc23_vscanf __isoc23_vfscanf
__isoc23_wscanf __isoc23_fwscanf __isoc23_vwscanf __isoc23_vfwscanf
pidfd_spawn pidfd_spawnp
sched_setattr sched_getattr
";

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

/// Names and addresses, and libc's other databases.
pub const DNS: &str = "
getaddrinfo getnameinfo freeaddrinfo gai_strerror getaddrinfo_a gai_suspend gai_cancel gai_error
gethostbyname gethostbyname2 gethostbyname_r gethostbyname2_r gethostbyaddr gethostbyaddr_r
gethostent gethostent_r sethostent endhostent gethostid
__res_state __res_init res_init __res_ninit __res_nclose __res_randomid
res_query res_search res_querydomain res_send res_mkquery res_nquery res_nsearch
res_nquerydomain res_nsend res_nmkquery __res_query __res_search __res_querydomain __res_send
__res_mkquery __res_nquery __res_nsearch __res_nquerydomain __res_nsend __res_nmkquery
getpwnam getpwuid getpwent getpwnam_r getpwuid_r getpwent_r getpw setpwent endpwent fgetpwent
fgetpwent_r getgrnam getgrgid getgrent getgrnam_r getgrgid_r getgrent_r setgrent endgrent
fgetgrent fgetgrent_r initgroups getgrouplist getspnam getspent getspnam_r getspent_r setspent
endspent fgetspent fgetspent_r getsgnam getsgent getsgnam_r getsgent_r setsgent endsgent
fgetsgent fgetsgent_r lckpwdf ulckpwdf
getnetbyname getnetbyaddr getnetent getnetbyname_r getnetbyaddr_r getnetent_r setnetent endnetent
getservbyname getservbyport getservent getservbyname_r getservbyport_r getservent_r setservent
endservent getprotobyname getprotobynumber getprotoent getprotobyname_r getprotobynumber_r
getprotoent_r setprotoent endprotoent getrpcbyname getrpcbynumber getrpcent getrpcbyname_r
getrpcbynumber_r getrpcent_r setrpcent endrpcent ether_hostton ether_ntohost getaliasbyname
getaliasent getaliasbyname_r getaliasent_r setaliasent endaliasent innetgr setnetgrent
getnetgrent getnetgrent_r endnetgrent getlogin getlogin_r __getlogin_r_chk cuserid
rcmd rcmd_af rexec rexec_af ruserok ruserok_af iruserok iruserok_af rresvport rresvport_af
";

/// Child processes.
pub const SUBPROCESS: &str = "
fork __fork _Fork vfork __vfork clone __clone execve execv execvp execvpe execl execlp execle
fexecve execveat posix_spawn posix_spawnp system popen _IO_popen
_IO_proc_open _IO_proc_close pclose wordexp wordfree glob glob64 daemon forkpty openpty login_tty
wait __wait waitpid __waitpid wait3 wait4 waitid
";

/// Asynchronous requests, random numbers, the system's log.
pub const SYS: &str = "
aio_read aio_read64 aio_write aio_write64 aio_fsync aio_fsync64 aio_suspend aio_suspend64
aio_error aio_error64 aio_return aio_return64 aio_cancel aio_cancel64 aio_init lio_listio
lio_listio64 getrandom getentropy arc4random arc4random_buf arc4random_uniform
syslog vsyslog __syslog_chk __vsyslog_chk openlog closelog setlogmask
";

/// Streams.
pub const STDIO: &str = "
getc fgetc _IO_getc getchar getc_unlocked fgetc_unlocked getchar_unlocked __uflow __underflow getw
fgets _IO_fgets fgets_unlocked __fgets_chk __fgets_unlocked_chk gets _IO_gets __gets_chk getline
_IO_getline _IO_getline_info getdelim __getdelim fread _IO_fread fread_unlocked __fread_chk
__fread_unlocked_chk _IO_sgetn
getwc fgetwc getwchar getwc_unlocked fgetwc_unlocked getwchar_unlocked __wuflow __wunderflow fgetws
fgetws_unlocked __fgetws_chk __fgetws_unlocked_chk
scanf fscanf vscanf vfscanf __vfscanf _IO_vfscanf __isoc99_scanf __isoc99_fscanf __isoc99_vscanf
__isoc99_vfscanf wscanf fwscanf vwscanf vfwscanf __isoc99_wscanf __isoc99_fwscanf
__isoc99_vwscanf __isoc99_vfwscanf sscanf vsscanf
putc fputc _IO_putc putchar putc_unlocked fputc_unlocked putchar_unlocked __overflow putw fputs
_IO_fputs fputs_unlocked puts _IO_puts fwrite _IO_fwrite fwrite_unlocked _IO_padn
putwc fputwc putwchar putwc_unlocked fputwc_unlocked putwchar_unlocked __woverflow fputws
fputws_unlocked
printf _IO_printf fprintf _IO_fprintf dprintf vprintf vfprintf _IO_vfprintf vdprintf __printf_chk
__fprintf_chk __dprintf_chk __vprintf_chk __vfprintf_chk __vdprintf_chk wprintf fwprintf vwprintf
vfwprintf __wprintf_chk __fwprintf_chk __vwprintf_chk __vfwprintf_chk
fflush _IO_fflush fflush_unlocked _flushlbf _IO_flush_all _IO_flush_all_linebuffered fclose
_IO_fclose fcloseall fopen fopen64 _IO_fopen freopen freopen64 fdopen _IO_fdopen fmemopen
open_memstream open_wmemstream fopencookie tmpfile tmpfile64 popen _IO_popen pclose
setvbuf _IO_setvbuf setbuf setbuffer _IO_setbuffer setlinebuf ungetc _IO_ungetc ungetwc fwide
fseek fseeko fseeko64 ftell ftello ftello64 rewind fgetpos fgetpos64 fsetpos fsetpos64
_IO_fgetpos _IO_fgetpos64 _IO_fsetpos _IO_fsetpos64 _IO_ftell _IO_seekoff _IO_seekpos
feof ferror clearerr _IO_feof _IO_ferror feof_unlocked ferror_unlocked clearerr_unlocked fileno
fileno_unlocked flockfile ftrylockfile funlockfile _IO_flockfile _IO_ftrylockfile _IO_funlockfile
__fsetlocking __fpurge __fpending __freadable __fwritable __freading __fwriting __flbf __fbufsize
perror psignal psiginfo error error_at_line warn warnx vwarn vwarnx err errx verr verrx
getpass fgetgrent fgetpwent fgetspent putgrent putpwent putspent getmntent getmntent_r addmntent
";
