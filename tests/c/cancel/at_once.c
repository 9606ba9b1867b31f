// rule: pthreads(7), "Cancellation points": calls that return at once act on a pending request, too, before they have done anything; trying a lock, yielding and the like do not
// libs: -lrt
#include "../waits.h"
#include <sys/mman.h>
#include <sys/random.h>

static int file, pipe_in, pipe_out, full_sems;
static char buffer[16];
static struct iovec iov = { buffer, 1 };
static struct timespec zero;
static void *page;
static volatile int returned;

static void c_close(void) { close(dup(file)); }
static void c_creat(void) { close(creat("created", 0600)); }
static void c_open(void) { open("w.file", O_RDONLY); }
static void c_openat(void) { openat(AT_FDCWD, "w.file", O_RDONLY); }
static void c_fsync(void) { fsync(file); }
static void c_fdatasync(void) { fdatasync(file); }
static void c_msync(void) { msync(page, 4096, MS_SYNC); }
static void c_sync(void) { syncfs(file); }
static void c_sync_file_range(void) { sync_file_range(file, 0, 1, SYNC_FILE_RANGE_WRITE); }
static void c_read(void) { (void)!read(file, buffer, 1); }
static void c_readv(void) { (void)!readv(file, &iov, 1); }
static void c_write(void) { (void)!write(file, buffer, 1); }
static void c_writev(void) { (void)!writev(file, &iov, 1); }
static void c_pread(void) { (void)!pread(file, buffer, 1, 0); }
static void c_pwrite(void) { (void)!pwrite(file, buffer, 1, 0); }
static void c_preadv(void) { (void)!preadv(file, &iov, 1, 0); }
static void c_pwritev(void) { (void)!pwritev(file, &iov, 1, 0); }
static void c_copy_file_range(void) { loff_t a = 0, b = 1; (void)!copy_file_range(file, &a, file, &b, 1, 0); }
__attribute__((unused)) static void c_getrandom(void) { (void)!getrandom(buffer, 1, 0); }
static void c_setlkw(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	fcntl(file, F_SETLKW, &l);
}
static void c_setlk(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	fcntl(file, F_SETLK, &l);
}
static void c_getfl(void) { fcntl(file, F_GETFL); }
static void c_lockf(void) { (void)!lockf(file, F_LOCK, 0); }
static void c_lockf_test(void) { (void)!lockf(file, F_TEST, 0); }
static void c_flock(void) { flock(file, LOCK_EX); }
static void c_poll(void) { poll(NULL, 0, 0); }
static void c_ppoll(void) { ppoll(NULL, 0, &zero, NULL); }
static void c_select(void) { struct timeval t = { 0, 0 }; select(0, NULL, NULL, NULL, &t); }
static void c_pselect(void) { pselect(0, NULL, NULL, NULL, &zero, NULL); }
static void c_epoll_wait(void) { struct epoll_event e; epoll_wait(file, &e, 1, 0); }
static void c_nanosleep(void) { nanosleep(&zero, NULL); }
static void c_clock_nanosleep(void) { clock_nanosleep(CLOCK_MONOTONIC, 0, &zero, NULL); }
static void c_usleep(void) { usleep(0); }
static void c_sleep(void) { sleep(0); }
static void c_waitpid(void) { waitpid(-1, NULL, WNOHANG); }
static void c_wait(void) { wait(NULL); }
static void c_waitid(void) { siginfo_t i; waitid(P_ALL, 0, &i, WEXITED | WNOHANG); }
static void c_sigtimedwait(void) { sigset_t s = w_usr2(); sigtimedwait(&s, NULL, &zero); }
static void c_recv(void) { recv(w_fd[0], buffer, 1, MSG_DONTWAIT); }
static void c_send(void) { send(w_fd[0], buffer, 1, MSG_DONTWAIT); }
static void c_accept(void) { accept(file, NULL, NULL); }
static void c_connect(void) { connect(file, NULL, 0); }
static void c_tcdrain(void) { tcdrain(file); }
static void c_msgrcv(void) { msgrcv(w_queue, buffer, 1, 0, IPC_NOWAIT); }
static void c_msgsnd(void) { msgsnd(w_queue, &w_message, 1, IPC_NOWAIT); }
static void c_semop(void) { struct sembuf b = { 0, 0, IPC_NOWAIT }; semop(full_sems, &b, 1); }
static void c_testcancel(void) { pthread_testcancel(); }
static void c_sem_trywait(void) { sem_trywait(&w_sem); }
static void c_sem_post(void) { sem_post(&w_sem); }
static void c_sem_timedwait(void) { sem_timedwait(&w_sem, &zero); }
static void c_cond_timedwait(void)
{
	pthread_mutex_lock(&w_mutex);
	pthread_cleanup_push(w_unlock, &w_mutex);
	pthread_cond_timedwait(&w_cond, &w_mutex, &zero);
	pthread_cleanup_pop(1);
}
static void c_cond_signal(void) { pthread_cond_signal(&w_cond); }
static void c_mutex(void)
{
	pthread_mutex_lock(&w_mutex);
	pthread_mutex_unlock(&w_mutex);
}
static void c_trylock(void)
{
	if (pthread_mutex_trylock(&w_mutex) == 0)
		pthread_mutex_unlock(&w_mutex);
}
static void c_yield(void) { sched_yield(); }
static void c_kill(void) { pthread_kill(pthread_self(), 0); }
static void c_tryjoin(void) { pthread_tryjoin_np(pthread_self(), NULL); }
static void *ends(void *arg) { return arg; }
static void c_join(void) /* of one that has ended */
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, ends, NULL));
	while (pthread_tryjoin_np(t, NULL) == EBUSY)
		sched_yield();
	CHECK_OK(pthread_create(&t, NULL, ends, NULL));
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
	sleep_ms(20);
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	CHECK_OK(pthread_join(t, NULL));
}
static void c_pipe(void)
{
	int p[2];
	CHECK_EQ(pipe(p), 0);
	close(p[0]);
}
static void c_lseek(void) { lseek(file, 0, SEEK_SET); }
static void c_getpid(void) { getpid(); }
static void c_sendfile(void) { off_t at = 0; sendfile(file, file, &at, 0); }
static void c_splice(void) { splice(pipe_in, NULL, pipe_out, NULL, 0, 0); }
static void c_malloc(void) { free(malloc(100)); }

#define CALL(f) { #f, f }
static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	CALL(c_close), CALL(c_creat), CALL(c_open), CALL(c_openat), CALL(c_fsync), CALL(c_fdatasync), CALL(c_msync),
	CALL(c_sync), CALL(c_sync_file_range), CALL(c_read), CALL(c_readv), CALL(c_write), CALL(c_writev), CALL(c_pread),
	CALL(c_pwrite), CALL(c_preadv), CALL(c_pwritev), CALL(c_copy_file_range), CALL(c_setlkw),
#if !__GLIBC_PREREQ(2, 41) /* since then it depends on the kernel */
	CALL(c_getrandom),
#endif
	CALL(c_setlk), CALL(c_getfl), CALL(c_lockf), CALL(c_lockf_test), CALL(c_flock), CALL(c_poll), CALL(c_ppoll),
	CALL(c_select), CALL(c_pselect), CALL(c_epoll_wait), CALL(c_nanosleep), CALL(c_clock_nanosleep), CALL(c_usleep),
	CALL(c_sleep), CALL(c_waitpid), CALL(c_wait), CALL(c_waitid), CALL(c_sigtimedwait), CALL(c_recv), CALL(c_send),
	CALL(c_accept), CALL(c_connect), CALL(c_tcdrain), CALL(c_msgrcv), CALL(c_msgsnd), CALL(c_semop),
	CALL(c_testcancel), CALL(c_sem_trywait), CALL(c_sem_post), CALL(c_sem_timedwait), CALL(c_cond_timedwait),
	CALL(c_cond_signal), CALL(c_mutex), CALL(c_trylock), CALL(c_yield), CALL(c_kill), CALL(c_tryjoin), CALL(c_join), CALL(c_pipe),
	CALL(c_lseek), CALL(c_getpid), CALL(c_sendfile), CALL(c_splice), CALL(c_malloc),
};

static void *worker(void *arg)
{
	void (*call)(void) = *(void (*const *)(void))arg;
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
	CHECK_OK(pthread_cancel(pthread_self()));
	CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
	call();
	returned = 1;
	return NULL;
}

int main(void)
{
	int p[2];
	file = open(w_file, O_CREAT | O_RDWR, 0600);
	CHECK(file >= 0 && write(file, "0123456789", 10) == 10);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(page != MAP_FAILED);
	CHECK_EQ(pipe(p), 0);
	pipe_in = p[0], pipe_out = p[1];
	p_pair();
	CHECK((w_queue = msgget(IPC_PRIVATE, 0600)) >= 0);
	CHECK((full_sems = w_sems = semget(IPC_PRIVATE, 1, 0600)) >= 0);
	CHECK_EQ(sem_init(&w_sem, 0, 1), 0);
	for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		pthread_t t;
		void *value;
		returned = 0;
		printf("%s: ", calls[i].name + 2);
		fflush(stdout);
		CHECK_OK(pthread_create(&t, NULL, worker, (void *)&calls[i].call));
		CHECK_OK(pthread_join(t, &value));
		CHECK_EQ(value == PTHREAD_CANCELED, !returned);
		puts(returned ? "returned" : "acted");
	}
	printf("created: %s\n", access("created", F_OK) == 0 ? "yes" : "no");
	w_finish();
	return 0;
}
