// rule: pthread_tryjoin_np() gives EBUSY, pthread_timedjoin_np() and pthread_clockjoin_np() ETIMEDOUT, while the thread runs
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

static sem_t go;
static void *waiter(void *arg)
{
	sem_wait(&go);
	return arg;
}

static pthread_t start(intptr_t value)
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, waiter, (void *)value));
	return t;
}

int main(void)
{
	void *r = NULL;
	struct timespec ts;
	int64_t t0;
	sem_init(&go, 0, 0);

	pthread_t t = start(1);
	CHECK_RC(pthread_tryjoin_np(t, &r), EBUSY);

	t0 = now_ns();
	ts = ts_in(CLOCK_REALTIME, 100);
	CHECK_RC(pthread_timedjoin_np(t, &r, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 99);
	/* A moment that is past gives up at once. */
	ts = ts_in(CLOCK_REALTIME, -1000);
	CHECK_RC(pthread_timedjoin_np(t, &r, &ts), ETIMEDOUT);

	t0 = now_ns();
	ts = ts_in(CLOCK_MONOTONIC, 100);
	CHECK_RC(pthread_clockjoin_np(t, &r, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 99);
	ts = ts_in(CLOCK_REALTIME, 50);
	CHECK_RC(pthread_clockjoin_np(t, &r, CLOCK_REALTIME, &ts), ETIMEDOUT);
	ts = ts_in(CLOCK_MONOTONIC, 50);
#if __GLIBC_PREREQ(2, 34) /* 2.31 would wait for ever */
	CHECK_RC(pthread_clockjoin_np(t, &r, CLOCK_PROCESS_CPUTIME_ID, &ts), EINVAL);
#endif

	/* After all these it can still be joined. */
	sem_post(&go);
	CHECK_OK(pthread_join(t, &r));
	CHECK_EQ((intptr_t)r, 1);

	t = start(2);
	sem_post(&go);
	while (pthread_tryjoin_np(t, &r) == EBUSY)
		sleep_ms(5);
	CHECK_EQ((intptr_t)r, 2);

	t = start(3);
	sem_post(&go);
	ts = ts_in(CLOCK_REALTIME, 10000);
	CHECK_OK(pthread_timedjoin_np(t, &r, &ts));
	CHECK_EQ((intptr_t)r, 3);

	t = start(4);
	sem_post(&go);
	ts = ts_in(CLOCK_MONOTONIC, 10000);
	CHECK_OK(pthread_clockjoin_np(t, &r, CLOCK_MONOTONIC, &ts));
	CHECK_EQ((intptr_t)r, 4);

	/* No time-out at all waits for ever. */
	t = start(5);
	sem_post(&go);
	CHECK_OK(pthread_timedjoin_np(t, &r, NULL));
	CHECK_EQ((intptr_t)r, 5);
	printf("joined\n");
	return 0;
}
