// rule: pthread_cancel(3), pthread_kill(3): with signals, timers and cancellations at random moments every thread that is cancelled ends, each cleanup handler runs once, no lock stays held, and descriptors are as before
// timeout: 60
// libs: -lrt
// variant: unwind -fexceptions
// variant: async -DASYNC
/* @async: some of the time the threads compute, asynchronously cancellable. */
#include "../check.h"
#include <dirent.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/time.h>

enum { N = 12, ROUNDS = 400 };
static pthread_t threads[N];
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static sem_t empty;
static int fd[2];
static volatile int cleaned, begun, handled;

static unsigned next(volatile unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return *seed >> 16;
}
static void on(int s) { (void)s; __atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED); }
static void count(void *arg) { (void)arg; __atomic_fetch_add(&cleaned, 1, __ATOMIC_RELAXED); }
static void unlock(void *arg) { CHECK_OK(pthread_mutex_unlock(arg)); }

static void one(unsigned r)
{
	struct timespec t = { 0, r % 3000000 }, until;
	struct pollfd p = { fd[0], POLLIN, 0 };
	char c;
	switch (r % 7) {
	case 0:
		nanosleep(&t, NULL);
		break;
	case 1:
		poll(&p, 1, r % 4);
		break;
	case 2:
		until = ts_in(CLOCK_REALTIME, r % 4);
		sem_timedwait(&empty, &until);
		break;
	case 3:
		until = ts_in(CLOCK_REALTIME, r % 4);
		pthread_mutex_lock(&m);
		pthread_cleanup_push(unlock, &m);
		pthread_cond_timedwait(&never, &m, &until);
		pthread_cleanup_pop(1);
		break;
	case 4:
		sched_yield();
		free(malloc(r % 10000));
		break;
	case 5:
		if (r % 5 == 0)
			(void)!read(fd[0], &c, 1); /* until it is cancelled or a signal comes */
		break;
	default:
#ifdef ASYNC
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
		for (volatile unsigned n = 0; n < r * 20; n++)
			;
		pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
#endif
		pthread_testcancel();
	}
}
static void *worker(void *arg)
{
	volatile unsigned seed = (uintptr_t)arg;
	pthread_cleanup_push(count, NULL);
	__atomic_fetch_add(&begun, 1, __ATOMIC_RELAXED);
	for (;;)
		one(next(&seed));
	pthread_cleanup_pop(0);
	return NULL;
}
static int descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;
	struct dirent *e;
	CHECK(d != NULL);
	while ((e = readdir(d)))
		n += e->d_name[0] != '.' && atoi(e->d_name) < 500; /* the library's are high */
	closedir(d);
	return n;
}
static void start(int i)
{
	static uintptr_t seed;
	CHECK_OK(pthread_create(&threads[i], NULL, worker, (void *)++seed));
}
static void end(int i)
{
	void *value;
	CHECK_OK(pthread_cancel(threads[i]));
	CHECK_OK(pthread_join(threads[i], &value));
	CHECK(value == PTHREAD_CANCELED);
}
int main(void)
{
	struct sigaction sa = { .sa_handler = on };
	struct itimerval it = { { 0, 2000 }, { 0, 2000 } }, off = { { 0, 0 }, { 0, 0 } };
	unsigned seed = 7;
	int made = N;
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	CHECK_EQ(sigaction(SIGALRM, &sa, NULL), 0);
	CHECK_EQ(pipe(fd), 0);
	CHECK_EQ(sem_init(&empty, 0, 0), 0);
	int before = descriptors();
	for (int i = 0; i < N; i++)
		start(i);
	CHECK_EQ(setitimer(ITIMER_REAL, &it, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		unsigned r = next(&seed), k = next(&seed) % N;
		if (r % 3) {
			CHECK_OK(pthread_kill(threads[k], SIGUSR1));
		} else {
			end(k);
			start(k);
			made++;
		}
		if (r % 8 == 0)
			sched_yield();
		if (r % 16 == 0)
			usleep(300);
	}
	CHECK_EQ(setitimer(ITIMER_REAL, &off, NULL), 0);
	while (begun < made)
		usleep(1000); /* each has its handler now */
	for (int i = 0; i < N; i++)
		end(i);
	CHECK_EQ(cleaned, made);
	CHECK_OK(pthread_mutex_trylock(&m));
	CHECK_EQ(descriptors(), before);
	CHECK(handled > 0);
	printf("made %d\n", made);
	return 0;
}
