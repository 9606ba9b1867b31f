// rule: pthread_cond_wait(3), pthread_mutexattr_setrobust(3): a waiter that is cancelled has the mutex in its cleanup handlers; a robust mutex of a cancelled holder gives EOWNERDEAD and can be made consistent; a plain one stays locked
#include "../check.h"
#include <semaphore.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, plain = PTHREAD_MUTEX_INITIALIZER, robust, checked;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static sem_t ready;
static void cleanup(void *arg)
{
	(void)arg;
	CHECK_RC(pthread_mutex_lock(&checked), EDEADLK); /* it is the holder */
	CHECK_OK(pthread_mutex_unlock(&checked));
	printf("has the mutex\n");
}
static void *waits(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&checked));
	pthread_cleanup_push(cleanup, NULL);
	sem_post(&ready);
	for (;;)
		CHECK_OK(pthread_cond_wait(&c, &checked));
	pthread_cleanup_pop(0);
	return arg;
}
static void *holds(void *arg)
{
	CHECK_OK(pthread_mutex_lock(arg));
	sem_post(&ready);
	sleep_ms(100000);
	return arg;
}
static void *wants(void *arg)
{
	int rc = pthread_mutex_lock(&robust);
	CHECK_RC(rc, EOWNERDEAD);
	CHECK_OK(pthread_mutex_consistent(&robust));
	CHECK_OK(pthread_mutex_unlock(&robust));
	return arg;
}
static void cancelled(pthread_t t)
{
	void *value;
	while (sem_wait(&ready))
		;
	sleep_ms(5);
	CHECK_OK(pthread_cancel(t));
	CHECK_OK(pthread_join(t, &value));
	CHECK(value == PTHREAD_CANCELED);
}
int main(void)
{
	pthread_t t, w;
	pthread_mutexattr_t a;
	CHECK_EQ(sem_init(&ready, 0, 0), 0);
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK));
	CHECK_OK(pthread_mutex_init(&checked, &a));
	CHECK_OK(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_NORMAL));
	CHECK_OK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST));
	CHECK_OK(pthread_mutex_init(&robust, &a));
	CHECK_OK(pthread_create(&t, NULL, waits, NULL));
	cancelled(t);
	CHECK_OK(pthread_mutex_trylock(&checked));
	CHECK_OK(pthread_create(&t, NULL, holds, &robust));
	while (sem_wait(&ready))
		;
	sem_post(&ready); /* for cancelled() */
	CHECK_OK(pthread_create(&w, NULL, wants, NULL));
	sleep_ms(5);
	cancelled(t);
	CHECK_OK(pthread_join(w, NULL));
	CHECK_OK(pthread_mutex_lock(&robust));
	CHECK_OK(pthread_mutex_unlock(&robust));
	CHECK_OK(pthread_create(&t, NULL, holds, &robust));
	cancelled(t);
	CHECK_RC(pthread_mutex_trylock(&robust), EOWNERDEAD);
	CHECK_OK(pthread_mutex_unlock(&robust)); /* not made consistent */
	CHECK_RC(pthread_mutex_lock(&robust), ENOTRECOVERABLE);
	CHECK_OK(pthread_create(&t, NULL, holds, &plain));
	cancelled(t);
	CHECK_RC(pthread_mutex_trylock(&plain), EBUSY);
	CHECK_OK(pthread_mutex_trylock(&m));
	puts("ok");
	return 0;
}
