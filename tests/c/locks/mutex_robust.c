// rule: a robust mutex whose owner ended gives EOWNERDEAD; made consistent it goes on, unlocked without that it gives ENOTRECOVERABLE for good
// variant: recursive -DTYPE=PTHREAD_MUTEX_RECURSIVE
// variant: errorcheck -DTYPE=PTHREAD_MUTEX_ERRORCHECK
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

static pthread_mutex_t m;
static sem_t locked;
static void *dies_with_it(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&m));
	sem_post(&locked);
	if (arg)
		sleep_ms(100); /* with a waiter */
	return NULL;
}
static void *sees_lost(void *arg)
{
	CHECK_RC(pthread_mutex_lock(&m), ENOTRECOVERABLE);
	CHECK_RC(pthread_mutex_trylock(&m), ENOTRECOVERABLE);
	return arg;
}
static void lose(int waiting)
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, dies_with_it, (void *)(intptr_t)waiting));
	sem_wait(&locked);
	if (!waiting)
		CHECK_OK(pthread_join(t, NULL));
	CHECK_RC(pthread_mutex_lock(&m), EOWNERDEAD);
	if (waiting)
		CHECK_OK(pthread_join(t, NULL));
}

int main(void)
{
	pthread_mutexattr_t a;
	pthread_t t;
	sem_init(&locked, 0, 0);
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST));
#ifdef TYPE
	CHECK_OK(pthread_mutexattr_settype(&a, TYPE));
#endif
	CHECK_OK(pthread_mutex_init(&m, &a));
	CHECK_RC(pthread_mutex_consistent(&m), EINVAL);

	for (int waiting = 0; waiting < 2; waiting++) {
		lose(waiting);
		CHECK_OK(pthread_mutex_consistent(&m));
		CHECK_OK(pthread_mutex_unlock(&m));
		CHECK_OK(pthread_mutex_lock(&m));
		CHECK_OK(pthread_mutex_unlock(&m));
	}
	/* trylock and timedlock see it as well. */
	CHECK_OK(pthread_create(&t, NULL, dies_with_it, NULL));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_RC(pthread_mutex_trylock(&m), EOWNERDEAD);
	CHECK_OK(pthread_mutex_consistent(&m));
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_OK(pthread_create(&t, NULL, dies_with_it, NULL));
	CHECK_OK(pthread_join(t, NULL));
	struct timespec ts = ts_in(CLOCK_REALTIME, 10000);
	CHECK_RC(pthread_mutex_timedlock(&m, &ts), EOWNERDEAD);
	/* Not made consistent: lost for good. */
	CHECK_OK(pthread_mutex_unlock(&m));
	CHECK_RC(pthread_mutex_lock(&m), ENOTRECOVERABLE);
	CHECK_OK(pthread_create(&t, NULL, sees_lost, NULL));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_mutex_destroy(&m));
	printf("robust\n");
	return 0;
}
