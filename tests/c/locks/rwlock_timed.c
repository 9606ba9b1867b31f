// rule: timed read-write locks give ETIMEDOUT at the deadline on the right clock, EINVAL for bad nanoseconds
// one-thread: yes
#include "../check.h"

static pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
static void *against_writer(void *arg)
{
	struct timespec ts = ts_in(CLOCK_REALTIME, 60);
	int64_t t0 = now_ns();
	CHECK_RC(pthread_rwlock_timedrdlock(&l, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 59);
	ts = ts_in(CLOCK_REALTIME, 60);
	CHECK_RC(pthread_rwlock_timedwrlock(&l, &ts), ETIMEDOUT);
	t0 = now_ns();
	ts = ts_in(CLOCK_MONOTONIC, 60);
	CHECK_RC(pthread_rwlock_clockrdlock(&l, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 59);
	ts = ts_in(CLOCK_MONOTONIC, 60);
	CHECK_RC(pthread_rwlock_clockwrlock(&l, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
	ts = ts_in(CLOCK_REALTIME, -1000);
	CHECK_RC(pthread_rwlock_timedrdlock(&l, &ts), ETIMEDOUT);
	ts.tv_nsec = 1000000000;
	CHECK_RC(pthread_rwlock_timedrdlock(&l, &ts), EINVAL);
	CHECK_RC(pthread_rwlock_timedwrlock(&l, &ts), EINVAL);
	return arg;
}
static void *against_reader(void *arg)
{
	struct timespec ts = ts_in(CLOCK_REALTIME, 60);
	CHECK_RC(pthread_rwlock_timedwrlock(&l, &ts), ETIMEDOUT);
	/* A writer that gave up leaves the way free for readers. */
	ts = ts_in(CLOCK_REALTIME, 10000);
	CHECK_OK(pthread_rwlock_timedrdlock(&l, &ts));
	CHECK_OK(pthread_rwlock_unlock(&l));
	return arg;
}
static void *in_time(void *arg)
{
	struct timespec ts = ts_in(CLOCK_MONOTONIC, 10000);
	CHECK_OK(pthread_rwlock_clockwrlock(&l, CLOCK_MONOTONIC, &ts));
	CHECK_OK(pthread_rwlock_unlock(&l));
	return arg;
}
static void run(void *(*f)(void *))
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, f, NULL));
	CHECK_OK(pthread_join(t, NULL));
}

int main(void)
{
	pthread_t t;
	CHECK_OK(pthread_rwlock_wrlock(&l));
	run(against_writer);
	CHECK_OK(pthread_create(&t, NULL, in_time, NULL));
	sleep_ms(50);
	CHECK_OK(pthread_rwlock_unlock(&l));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_rwlock_rdlock(&l));
	run(against_reader);
	CHECK_OK(pthread_rwlock_unlock(&l));
	printf("timed\n");
	return 0;
}
