// rule: signal-safety(7): a handler may sleep; other threads run and get signals meanwhile
#include "sig.h"
static volatile int count, in, other_ran;
static sem_t ready;
static volatile int stop;
static void on(int s)
{
	(void)s;
	__atomic_add_fetch(&in, 1, __ATOMIC_SEQ_CST);
	struct timespec t = ts_ms(30);
	while (nanosleep(&t, &t))
		;
	__atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
	__atomic_sub_fetch(&in, 1, __ATOMIC_SEQ_CST);
}
static void quick(int s) { (void)s; other_ran++; }
static void *worker(void *arg)
{
	sem_post(&ready);
	while (!stop)
		sched_yield();
	return arg;
}
int main(void)
{
	sem_init(&ready, 0, 0);
	handle(SIGUSR1, on, SA_RESTART);
	handle(SIGUSR2, quick, SA_RESTART);
	pthread_t a = start(worker, NULL), b = start(worker, NULL);
	sem_wait(&ready), sem_wait(&ready);
	pthread_kill(a, SIGUSR1);
	while (in < 1)
		sched_yield();
	pthread_kill(b, SIGUSR1);
	while (in < 2)
		sched_yield();
	pthread_kill(a, SIGUSR2);
	raise(SIGUSR2);
	CHECK(other_ran >= 1);
	CHECK(!is_blocked(SIGUSR1));
	while (count < 2 || other_ran < 2)
		sched_yield();
	stop = 1;
	end(a), end(b);
	puts("ok");
	return 0;
}
