// rule: pthread_mutex_timedlock() and _clocklock() give ETIMEDOUT after the deadline, EINVAL for bad nanoseconds when they would wait
// one-thread: yes
#include "../check.h"

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static void *holder(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&m));
	pthread_barrier_wait(arg);
	pthread_barrier_wait(arg);
	sleep_ms(100);
	CHECK_OK(pthread_mutex_unlock(&m));
	return NULL;
}

int main(void)
{
	pthread_t t;
	pthread_barrier_t b;
	struct timespec ts, bad = { time(NULL) + 10, 1000000000 };
	int64_t t0;
	CHECK_OK(pthread_barrier_init(&b, NULL, 2));
	/* A free mutex is had whatever the deadline. */
	ts = ts_in(CLOCK_REALTIME, -1000);
	CHECK_OK(pthread_mutex_timedlock(&m, &ts));
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_OK(pthread_mutex_timedlock(&m, &bad));
	CHECK_OK(pthread_mutex_unlock(&m));

	CHECK_OK(pthread_create(&t, NULL, holder, &b));
	pthread_barrier_wait(&b);
	t0 = now_ns();
	ts = ts_in(CLOCK_REALTIME, 100);
	CHECK_RC(pthread_mutex_timedlock(&m, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 99);
	t0 = now_ns();
	ts = ts_in(CLOCK_MONOTONIC, 100);
	CHECK_RC(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 99);
	ts = ts_in(CLOCK_REALTIME, 50);
	CHECK_RC(pthread_mutex_clocklock(&m, CLOCK_REALTIME, &ts), ETIMEDOUT);
	ts = ts_in(CLOCK_REALTIME, -1000);
	CHECK_RC(pthread_mutex_timedlock(&m, &ts), ETIMEDOUT);
	CHECK_RC(pthread_mutex_timedlock(&m, &bad), EINVAL);
	bad.tv_nsec = -1;
	CHECK_RC(pthread_mutex_timedlock(&m, &bad), EINVAL);
	ts = ts_in(CLOCK_MONOTONIC, 50);
	CHECK_RC(pthread_mutex_clocklock(&m, CLOCK_THREAD_CPUTIME_ID, &ts), EINVAL);

	/* It comes free before the deadline. */
	pthread_barrier_wait(&b);
	ts = ts_in(CLOCK_REALTIME, 10000);
	CHECK_OK(pthread_mutex_timedlock(&m, &ts));
	/* One's own normal mutex does not come free. */
	ts = ts_in(CLOCK_REALTIME, 50);
	CHECK_RC(pthread_mutex_timedlock(&m, &ts), ETIMEDOUT);
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_OK(pthread_join(t, NULL));
	printf("timed locks\n");
	return 0;
}
