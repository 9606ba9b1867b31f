// rule: pthread_sigmask(3): each thread has its mask; a process's signal runs on a thread that does not block it
#include "sig.h"
static volatile pthread_t ran;
static volatile int count;
static sem_t ready;
static volatile int stop;
static void on(int s) { (void)s; ran = pthread_self(); count++; }
static void *open_thread(void *arg)
{
	mask(SIG_UNBLOCK, SIGUSR1, 0);
	sem_post(&ready);
	while (!stop)
		usleep(500);
	return arg;
}
static void *closed(void *arg)
{
	CHECK(is_blocked(SIGUSR1));
	sem_post(&ready);
	while (!stop)
		usleep(500);
	CHECK(is_blocked(SIGUSR1));
	return arg;
}
int main(void)
{
	sem_init(&ready, 0, 0);
	handle(SIGUSR1, on, SA_RESTART);
	mask(SIG_BLOCK, SIGUSR1, 0);
	pthread_t a = start(closed, NULL), b = start(open_thread, NULL), c = start(closed, NULL);
	for (int i = 0; i < 3; i++)
		sem_wait(&ready);
	for (int i = 1; i <= 20; i++) {
		CHECK_EQ(kill(getpid(), SIGUSR1), 0);
		while (count < i)
			usleep(200);
		CHECK(pthread_equal(ran, b));
	}
	stop = 1;
	end(a), end(b), end(c);
	CHECK(is_blocked(SIGUSR1));
	puts("ok");
	return 0;
}
