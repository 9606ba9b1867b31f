// rule: signal(7): a handler ends flock(2), F_SETLKW, open(2) of a FIFO and sem_wait(3) with EINTR, or they go on under SA_RESTART; semop(2), msgrcv(2) and msgsnd(2) always end; a lock of pthreads never does
// timeout: 60
#define BLOCKED_MS 600 /* what is "soon" must be told from it on a busy machine */
#include "ticks.h"
#include <semaphore.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include <sys/time.h>

#ifdef BUSY
#include "../handoff/hog.h"
enum { GIVES_MS = 1200, SIGNAL_MS = 300 };
#else
enum { GIVES_MS = BLOCKED_MS, SIGNAL_MS = 100 };
#endif

static volatile int handled;
static int fd, queue, set, restart;
static char name[] = "/tmp/gvt-sigXXXXXX", fifo[64];
static pthread_t first;
static struct shared {
	pthread_mutex_t mutex;
	sem_t sem;
} *s;
static void handler(int signal)
{
	(void)signal;
#ifdef BUSY
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}
/* Who computes may be where the signal comes. */
static void *computes(void *arg)
{
	for (;;) {
		compute_ms(40);
		sched_yield();
	}
	return arg;
}
#else
	CHECK(pthread_equal(pthread_self(), first));
	handled++;
}
#endif
#ifdef DIRECTED
static volatile int told;
static pthread_mutex_t telling = PTHREAD_MUTEX_INITIALIZER; /* none comes after signals(0) */
static void *sender(void *arg)
{
	for (;;) {
		while (!told)
			sleep_ms(1);
		sleep_ms(SIGNAL_MS);
		CHECK_OK(pthread_mutex_lock(&telling));
		if (told)
			CHECK_OK(pthread_kill(first, SIGALRM));
		CHECK_OK(pthread_mutex_unlock(&telling));
	}
	return arg;
}
static void signals(int on)
{
	CHECK_OK(pthread_mutex_lock(&telling));
	told = on;
	CHECK_OK(pthread_mutex_unlock(&telling));
}
#else
static void *sender(void *arg)
{
	sleep_ms(100000);
	return arg;
}
static void signals(int on)
{
	struct itimerval t = {{0, on ? SIGNAL_MS * 1000 : 0}, {0, on ? SIGNAL_MS * 1000 : 0}};
	CHECK_EQ(setitimer(ITIMER_REAL, &t, NULL), 0);
}
#endif

static int do_flock(void) { return flock(fd, LOCK_EX); }
static int do_fcntl(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	return fcntl(fd, F_SETLKW, &l);
}
static int do_open(void)
{
	int f = open(fifo, O_RDONLY);
	return f < 0 ? -1 : close(f);
}
static int do_sem(void) { return sem_wait(&s->sem); }
static int do_semop(void)
{
	struct sembuf op = {0, -1, 0};
	return semop(set, &op, 1);
}
static int do_msgrcv(void)
{
	char b[64];
	return msgrcv(queue, b, 8, 2, 0);
}
static int do_msgsnd(void)
{
	static struct {
		long type;
		char text[4096];
	} m = {1, ""};
	while (msgsnd(queue, &m, sizeof m.text, IPC_NOWAIT) == 0)
		;
	CHECK_EQ(errno, EAGAIN);
	return msgsnd(queue, &m, sizeof m.text, 0);
}
static int do_mutex(void)
{
	errno = pthread_mutex_lock(&s->mutex);
	return errno ? -1 : pthread_mutex_unlock(&s->mutex);
}

/* A child has everything, and after the signal gives it all. The signal comes again and again: on a
 * busy machine the first one may come before the call waits, and then nothing would end it. */
static void test(const char *what, int (*call)(void), int restarts)
{
	char c;
	int ready[2], status;
	CHECK_EQ(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		close(fd);
		fd = open(name, O_RDWR);
		CHECK_EQ(flock(fd, LOCK_EX), 0);
		CHECK_EQ(do_fcntl(), 0);
		CHECK_OK(pthread_mutex_lock(&s->mutex));
		CHECK_EQ(write(ready[1], "x", 1), 1);
		sleep_ms(GIVES_MS);
		CHECK_EQ(sem_post(&s->sem), 0);
		CHECK_OK(pthread_mutex_unlock(&s->mutex));
		/* A reader may have gone. */
		if (call == do_open && restarts)
			CHECK_EQ(close(open(fifo, O_WRONLY)), 0);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	handled = 0;
	signals(1);
	errno = 0;
	int64_t t0 = now_ms();
	int r = call();
	int error = errno;
	signals(0);
	for (int i = 0; handled == 0 && i < 1000; i++)
		sleep_ms(1);
	errno = error;
	printf("%s: %d %s, handled, %s\n", what, r, r < 0 ? strerrorname_(errno) : "",
	       now_ms() - t0 < (SIGNAL_MS + GIVES_MS) / 2 ? "soon" : "in the end");
	CHECK(handled >= 1);
	/* One more signal may have been under way to another thread. */
	while (waitpid(child, &status, 0) < 0)
		CHECK(errno == EINTR);
	CHECK_EQ(status, 0);
	close(ready[0]);
	close(ready[1]);
	while (sem_trywait(&s->sem) == 0)
		;
	struct flock free = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
	CHECK_EQ(flock(fd, LOCK_UN), 0);
	CHECK_EQ(fcntl(fd, F_SETLK, &free), 0);
}

int main(void)
{
	pthread_t t;
	pthread_mutexattr_t a;
	first = pthread_self();
	s = shared_memory(sizeof *s);
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_mutex_init(&s->mutex, &a));
	CHECK_EQ(sem_init(&s->sem, 1, 0), 0);
	fd = mkstemp(name);
	snprintf(fifo, sizeof fifo, "%s.fifo", name);
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	set = semget(IPC_PRIVATE, 1, 0600);
	queue = msgget(IPC_PRIVATE, 0600);
	CHECK_OK(pthread_create(&t, NULL, sender, NULL));
#ifdef BUSY
	hog_init();
	CHECK_OK(pthread_create(&t, NULL, computes, NULL));
	sleep_ms(50);
#endif
	for (restart = 0; restart < 2; restart++) {
		struct sigaction sa = {.sa_handler = handler, .sa_flags = restart ? SA_RESTART : 0};
		CHECK_EQ(sigaction(SIGALRM, &sa, NULL), 0);
		test("flock", do_flock, restart);
		test("fcntl", do_fcntl, restart);
		test("open", do_open, restart);
		test("sem_wait", do_sem, restart);
		test("semop", do_semop, 0);
		test("msgrcv", do_msgrcv, 0);
		test("msgsnd", do_msgsnd, 0);
		test("mutex", do_mutex, 1);
	}
	CHECK_EQ(semctl(set, 0, IPC_RMID), 0);
	CHECK_EQ(msgctl(queue, IPC_RMID, NULL), 0);
	CHECK_EQ(unlink(fifo), 0);
	CHECK_EQ(unlink(name), 0);
	fflush(stdout);
	_exit(0);
}
