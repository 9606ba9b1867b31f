// rule: pthread_kill() with a handled signal ends the sleep of that thread with EINTR, and of no other
// one-thread: yes
#include "../check.h"
#include <semaphore.h>
#include <signal.h>

static sem_t ready;
static __thread volatile sig_atomic_t mine;
static void on_usr1(int sig)
{
	CHECK_EQ(sig, SIGUSR1);
	mine++;
}
static void *target(void *arg)
{
	struct timespec ts = ts_ms(20000), rem = { 0, 0 };
	sem_post(&ready);
	CHECK_ERRNO(nanosleep(&ts, &rem), EINTR);
	CHECK_EQ(mine, 1);
	CHECK(rem.tv_sec >= 5 && rem.tv_sec <= 19);
	sem_post(&ready);
	unsigned left = sleep(20);
	CHECK(left >= 5 && left <= 20);
	CHECK_EQ(mine, 2);
	return arg;
}
static void *bystander(void *arg)
{
	struct timespec ts = ts_ms(800), rem = { 12, 34 };
	int64_t t0 = now_ns();
	CHECK_EQ(nanosleep(&ts, &rem), 0);
	CHECK_WAITED(t0, 800);
	CHECK_EQ(mine, 0);
	return arg;
}

int main(void)
{
	pthread_t t, b;
	struct sigaction sa = { .sa_handler = on_usr1 };
	sem_init(&ready, 0, 0);
	sigaction(SIGUSR1, &sa, NULL);
	CHECK_OK(pthread_create(&b, NULL, bystander, NULL));
	CHECK_OK(pthread_create(&t, NULL, target, NULL));
	for (int i = 0; i < 2; i++) {
		sem_wait(&ready);
		sleep_ms(200); /* it sleeps by now */
		CHECK_OK(pthread_kill(t, SIGUSR1));
	}
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_join(b, NULL));
	CHECK_EQ(mine, 0);
	printf("interrupted\n");
	return 0;
}
