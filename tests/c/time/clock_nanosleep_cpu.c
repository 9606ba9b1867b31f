// rule: clock_nanosleep() on CLOCK_PROCESS_CPUTIME_ID ends when the process has used that much CPU, by its other threads
// timeout: 120
#include "../check.h"

static volatile int stop;
static void *burner(void *arg)
{
	volatile unsigned long n = 0;
	/* Bounded by what counts, so that a busy machine does not matter: many times as much
	 * as is waited for. And friendly to threads that share its processor. */
	while (!stop && clock_ns(CLOCK_PROCESS_CPUTIME_ID) < 5000000000) {
		for (int i = 0; i < 20000; i++)
			n++;
		sched_yield();
	}
	CHECK(stop);
	return arg;
}

int main(void)
{
	pthread_t t;
	struct timespec ts = ts_ms(100);
	CHECK_OK(pthread_create(&t, NULL, burner, NULL));
	int64_t c0 = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	CHECK_OK(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, 0, &ts, NULL));
	int64_t used = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - c0;
	CHECK(used >= 95000000); /* the kernel counts in ticks */
	ts = ts_in(CLOCK_PROCESS_CPUTIME_ID, 100);
	CHECK_OK(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &ts, NULL));
	/* Past. */
	ts = ts_ms(1);
	CHECK_OK(clock_nanosleep(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &ts, NULL));
	stop = 1;
	CHECK_OK(pthread_join(t, NULL));
	printf("cpu time\n");
	return 0;
}
