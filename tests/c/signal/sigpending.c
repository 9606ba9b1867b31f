// rule: sigpending(2): signals pending for the calling thread or the process, not those of another thread
#include "sig.h"
static sem_t a, b;
static volatile int count;
static void on(int s) { (void)s; count++; }
static int pending(int signal)
{
	sigset_t s;
	CHECK_EQ(sigpending(&s), 0);
	return sigismember(&s, signal);
}
static void *worker(void *arg)
{
	CHECK(!pending(SIGUSR1));
	sem_post(&a);
	sem_wait(&b);
	CHECK(pending(SIGUSR1));
	CHECK(pending(SIGUSR2));
	CHECK_EQ(count, 0);
	mask(SIG_UNBLOCK, SIGUSR1, 0);
	CHECK_EQ(count, 1);
	CHECK(!pending(SIGUSR1));
	raise(SIGHUP);
	CHECK(pending(SIGHUP));
	CHECK_EQ(count, 1);
	mask(SIG_UNBLOCK, SIGHUP, 0);
	CHECK_EQ(count, 2);
	return arg;
}
int main(void)
{
	sem_init(&a, 0, 0), sem_init(&b, 0, 0);
	handle(SIGUSR1, on, 0), handle(SIGUSR2, on, 0), handle(SIGHUP, on, 0);
	mask(SIG_BLOCK, SIGUSR1, SIGUSR2);
	mask(SIG_BLOCK, SIGHUP, 0);
	pthread_t t = start(worker, NULL);
	sem_wait(&a);
	CHECK_OK(pthread_kill(t, SIGUSR1));
	kill(getpid(), SIGUSR2);
	CHECK(!pending(SIGUSR1));
	CHECK(pending(SIGUSR2));
	sem_post(&b);
	end(t);
	CHECK(!pending(SIGUSR1) && !pending(SIGHUP) && pending(SIGUSR2));
	mask(SIG_UNBLOCK, SIGUSR2, 0);
	CHECK_EQ(count, 3);
	puts("ok");
	return 0;
}
