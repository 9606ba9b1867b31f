// rule: clock_nanosleep(2) with a time that has passed returns at once; a thread that polls so does not keep the others from running
// env: GEVENTRS_SLICE=10000
#include "../check.h"

static volatile int flag;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static void *sets(void *arg)
{
	for (int i = 0; i < 100; i++) {
		CHECK_OK(pthread_mutex_lock(&m));
		flag++;
		CHECK_OK(pthread_mutex_unlock(&m));
		sched_yield();
	}
	return arg;
}

int main(void)
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, sets, NULL));
	for (int clock = 0; clock < 2; clock++) {
		struct timespec past;
		CHECK_EQ(clock_gettime(clock ? CLOCK_MONOTONIC : CLOCK_REALTIME, &past), 0);
		for (int seen = 0; seen < (clock ? 100 : 50);) {
			CHECK_OK(clock_nanosleep(clock ? CLOCK_MONOTONIC : CLOCK_REALTIME, TIMER_ABSTIME, &past, NULL));
			CHECK_OK(pthread_mutex_lock(&m));
			seen = flag;
			CHECK_OK(pthread_mutex_unlock(&m));
		}
	}
	CHECK_OK(pthread_join(t, NULL));
	puts("set");
	return 0;
}
