// rule: setitimer(2): SIGALRM comes again and again to a process whose threads all compute; the handler may write and post a semaphore
#include "hog.h"
#include <semaphore.h>

static sem_t sem;
static int pipe_[2];
static atomic_int alarms;

static void handler(int signal)
{
	(void)signal;
	int e = errno;
	atomic_fetch_add(&alarms, 1);
	CHECK_EQ(write(pipe_[1], "a", 1), 1);
	CHECK_EQ(sem_post(&sem), 0);
	errno = e;
}

static void *until_alarms(void *arg)
{
	while (atomic_load_explicit(&alarms, memory_order_relaxed) < 20)
		;
	return arg;
}

static void *waits(void *arg)
{
	char c;
	for (int i = 0; i < 10; i++) {
		int r;
		do
			r = sem_wait(&sem);
		while (r == -1 && errno == EINTR);
		CHECK_EQ(r, 0);
		ssize_t n;
		do
			n = read(pipe_[0], &c, 1);
		while (n == -1 && errno == EINTR);
		CHECK_EQ(n, 1);
	}
	return arg;
}

int main(void)
{
	pthread_t t[6], w;
	struct sigaction a = {.sa_handler = handler};
	struct itimerval every = {{0, 10000}, {0, 10000}}, none = {{0, 0}, {0, 0}};
	CHECK(pipe(pipe_) == 0);
	sem_init(&sem, 0, 0);
	sigaction(SIGALRM, &a, NULL);
	w = start(waits, 0);
	for (int i = 0; i < 6; i++)
		t[i] = start(until_alarms, i);
	setitimer(ITIMER_REAL, &every, NULL);
	until_alarms(NULL);
	for (int i = 0; i < 6; i++)
		join(t[i]);
	join(w);
	setitimer(ITIMER_REAL, &none, NULL);
	puts("alarms");
	return 0;
}
