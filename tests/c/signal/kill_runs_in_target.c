// rule: pthread_kill(3): the handler runs in the thread that is named, whether it waits, computes or is the caller
#include "sig.h"
static volatile pthread_t ran;
static volatile int count;
static sem_t go;
static volatile int stop;
static void on(int s) { (void)s; ran = pthread_self(); count++; }
static void *waits(void *arg)
{
	while (sem_wait(&go) == -1 && errno == EINTR)
		;
	return arg;
}
static void *spins(void *arg)
{
	while (!stop)
		sched_yield();
	return arg;
}
static void wait_for(int n) { while (count < n) sched_yield(); }
int main(void)
{
	sem_init(&go, 0, 0);
	handle(SIGUSR1, on, 0);
	pthread_t a = start(waits, NULL), b = start(spins, NULL), c = start(waits, NULL);
	sleep_ms(5);
	CHECK_OK(pthread_kill(a, SIGUSR1));
	wait_for(1);
	CHECK(pthread_equal(ran, a));
	CHECK_OK(pthread_kill(b, SIGUSR1));
	wait_for(2);
	CHECK(pthread_equal(ran, b));
	CHECK_OK(pthread_kill(c, SIGUSR1));
	wait_for(3);
	CHECK(pthread_equal(ran, c));
	CHECK_OK(pthread_kill(pthread_self(), SIGUSR1));
	CHECK_EQ(count, 4);
	CHECK(pthread_equal(ran, pthread_self()));
	CHECK_RC(pthread_kill(a, 65), EINVAL);
	CHECK_OK(pthread_kill(a, 0));
	sem_post(&go), sem_post(&go), stop = 1;
	end(a), end(b), end(c);
	puts("ok");
	return 0;
}
