// rule: thrd_sleep() returns 0 after its time, -1 with the remainder when a handled signal comes, another negative value for a bad time
#include "../check.h"
#include <signal.h>
#include <sys/time.h>
#include <threads.h>

static volatile sig_atomic_t rang;
static void on_alarm(int sig)
{
	(void)sig;
	rang = 1;
}
static int worker(void *arg)
{
	struct timespec ts = ts_ms(60), rem = { 12, 34 };
	int64_t t0 = now_ns();
	(void)arg;
	CHECK_EQ(thrd_sleep(&ts, &rem), 0);
	CHECK_WAITED(t0, 60);
	CHECK(rem.tv_sec == 12 && rem.tv_nsec == 34);
	ts.tv_nsec = 1000000000;
	CHECK(thrd_sleep(&ts, NULL) < -1);
	return 0;
}

int main(void)
{
	thrd_t t;
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval in = { { 0, 0 }, { 0, 100000 } };
	struct timespec ts = ts_ms(10000), rem = { 0, 0 };
	worker(NULL);
	CHECK_EQ(thrd_create(&t, worker, NULL), thrd_success);
	CHECK_EQ(thrd_join(t, NULL), thrd_success);
	sigaction(SIGALRM, &sa, NULL);
	CHECK_EQ(setitimer(ITIMER_REAL, &in, NULL), 0);
	CHECK_EQ(thrd_sleep(&ts, &rem), -1);
	CHECK(rang);
	CHECK(rem.tv_sec >= 1 && rem.tv_sec <= 9);
	printf("thrd_sleep\n");
	return 0;
}
