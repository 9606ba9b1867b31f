// rule: pthread_cond_timedwait() and _clockwait() give ETIMEDOUT at the deadline on the right clock, with the mutex held again
// one-thread: yes
#include "../check.h"

static pthread_mutex_t m = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int flag;
static void *signaller(void *arg)
{
	sleep_ms(50);
	pthread_mutex_lock(&m);
	flag = 1;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	return arg;
}
/* The mutex is free while the main thread waits. */
static void *toucher(void *arg)
{
	pthread_mutex_lock(&m);
	flag = 2;
	pthread_mutex_unlock(&m);
	return arg;
}

/* Wait until the deadline: a wait may end early without a reason. */
#define UNTIL_TIMEOUT(call) \
	do { \
		int rc_; \
		while ((rc_ = (call)) == 0) \
			; \
		CHECK_EQ(rc_, ETIMEDOUT); \
	} while (0)

int main(void)
{
	pthread_t t;
	pthread_cond_t mono;
	pthread_condattr_t a;
	struct timespec ts;
	clockid_t clock;
	int64_t t0;
	int rc, v;

	CHECK_OK(pthread_mutex_lock(&m));
	CHECK_OK(pthread_create(&t, NULL, toucher, NULL));
	t0 = now_ns();
	ts = ts_in(CLOCK_REALTIME, 100);
	UNTIL_TIMEOUT(pthread_cond_timedwait(&c, &m, &ts));
	CHECK_WAITED(t0, 99);
	CHECK_RC(pthread_mutex_lock(&m), EDEADLK); /* held again */
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(flag, 2);
	flag = 0;

	t0 = now_ns();
	ts = ts_in(CLOCK_MONOTONIC, 100);
	UNTIL_TIMEOUT(pthread_cond_clockwait(&c, &m, CLOCK_MONOTONIC, &ts));
	CHECK_WAITED(t0, 99);
	ts = ts_in(CLOCK_REALTIME, 50);
	UNTIL_TIMEOUT(pthread_cond_clockwait(&c, &m, CLOCK_REALTIME, &ts));

	/* Past, even long past. */
	ts = ts_in(CLOCK_REALTIME, -1);
	UNTIL_TIMEOUT(pthread_cond_timedwait(&c, &m, &ts));
	ts.tv_sec = 0;
	UNTIL_TIMEOUT(pthread_cond_timedwait(&c, &m, &ts));
	ts.tv_sec = -5;
	UNTIL_TIMEOUT(pthread_cond_timedwait(&c, &m, &ts));

	/* A condition variable on the monotonic clock. */
	CHECK_OK(pthread_condattr_init(&a));
	CHECK_OK(pthread_condattr_getclock(&a, &clock));
	CHECK_EQ(clock, CLOCK_REALTIME);
	CHECK_OK(pthread_condattr_setclock(&a, CLOCK_MONOTONIC));
	CHECK_OK(pthread_condattr_getclock(&a, &clock));
	CHECK_EQ(clock, CLOCK_MONOTONIC);
	CHECK_RC(pthread_condattr_setclock(&a, CLOCK_PROCESS_CPUTIME_ID), EINVAL);
	CHECK_OK(pthread_condattr_getpshared(&a, &v));
	CHECK_EQ(v, PTHREAD_PROCESS_PRIVATE);
	CHECK_OK(pthread_condattr_setpshared(&a, PTHREAD_PROCESS_SHARED));
	CHECK_RC(pthread_condattr_setpshared(&a, 99), EINVAL);
	CHECK_OK(pthread_cond_init(&mono, &a));
	CHECK_OK(pthread_condattr_destroy(&a));
	t0 = now_ns();
	ts = ts_in(CLOCK_MONOTONIC, 100);
	UNTIL_TIMEOUT(pthread_cond_timedwait(&mono, &m, &ts));
	CHECK_WAITED(t0, 99);
	CHECK_OK(pthread_cond_destroy(&mono));

	ts.tv_nsec = 1000000000;
	CHECK_RC(pthread_cond_timedwait(&c, &m, &ts), EINVAL);
	ts.tv_nsec = -1;
	CHECK_RC(pthread_cond_clockwait(&c, &m, CLOCK_MONOTONIC, &ts), EINVAL);
	ts.tv_nsec = 0;
	CHECK_RC(pthread_cond_clockwait(&c, &m, CLOCK_THREAD_CPUTIME_ID, &ts), EINVAL);

	/* Signalled before the deadline. */
	CHECK_OK(pthread_create(&t, NULL, signaller, NULL));
	ts = ts_in(CLOCK_REALTIME, 10000);
	rc = 0;
	while (!flag && rc == 0)
		rc = pthread_cond_timedwait(&c, &m, &ts);
	CHECK_EQ(rc, 0);
	CHECK_EQ(flag, 1);
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_OK(pthread_join(t, NULL));
	printf("timed waits\n");
	return 0;
}
