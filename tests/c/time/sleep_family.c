// rule: sleep(), usleep() and nanosleep() block for at least as long as asked and return 0; other threads run meanwhile
// variant: fortify -O2 -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64
// one-thread: yes
#include "../check.h"

static volatile int stop;
static void *ticker(void *arg)
{
	intptr_t n = 0;
	while (!stop) {
		CHECK_EQ(usleep(5000), 0);
		n++;
	}
	(void)arg;
	return (void *)n;
}

int main(void)
{
	pthread_t t;
	void *ticks;
	int64_t t0;
	struct timespec ts, rem = { 12, 34 };
	CHECK_OK(pthread_create(&t, NULL, ticker, NULL));
	t0 = now_ns();
	CHECK_EQ(sleep(1), 0);
	CHECK_WAITED(t0, 1000);
	t0 = now_ns();
	CHECK_EQ(usleep(50000), 0);
	CHECK_WAITED(t0, 50);
	/* More than a second is no error in glibc. */
	t0 = now_ns();
	CHECK_EQ(usleep(1100000), 0);
	CHECK_WAITED(t0, 1100);
	t0 = now_ns();
	ts = ts_ms(50);
	CHECK_EQ(nanosleep(&ts, &rem), 0);
	CHECK_WAITED(t0, 50);
	CHECK(rem.tv_sec == 12 && rem.tv_nsec == 34); /* untouched */
	ts = ts_ms(50);
	CHECK_EQ(nanosleep(&ts, &ts), 0);
	stop = 1;
	CHECK_OK(pthread_join(t, &ticks));
	CHECK((intptr_t)ticks >= 5);
	CHECK_EQ(sleep(0), 0);
	CHECK_EQ(usleep(0), 0);
	ts = ts_ms(0);
	CHECK_EQ(nanosleep(&ts, NULL), 0);
	printf("slept\n");
	return 0;
}
