// rule: a recursive mutex counts, an errorcheck mutex gives EDEADLK and EPERM, trylock gives EBUSY on a held one
// one-thread: yes
#include "../check.h"

static pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t errorcheck = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static pthread_mutex_t adaptive = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;

static void *other(void *arg)
{
	pthread_mutex_t *m = arg;
	struct timespec ts = ts_in(CLOCK_REALTIME, 30);
	CHECK_RC(pthread_mutex_trylock(m), EBUSY);
	CHECK_RC(pthread_mutex_timedlock(m, &ts), ETIMEDOUT);
	return NULL;
}
static void *not_owner(void *arg)
{
	CHECK_RC(pthread_mutex_unlock(arg), EPERM);
	return NULL;
}
static void *taker(void *arg)
{
	CHECK_OK(pthread_mutex_lock(arg));
	CHECK_OK(pthread_mutex_unlock(arg));
	return NULL;
}
static void in_thread(void *(*f)(void *), pthread_mutex_t *m)
{
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, f, m));
	CHECK_OK(pthread_join(t, NULL));
}

static void plain(pthread_mutex_t *m)
{
	CHECK_OK(pthread_mutex_lock(m));
	CHECK_RC(pthread_mutex_trylock(m), EBUSY); /* by the owner too */
	in_thread(other, m);
	CHECK_OK(pthread_mutex_unlock(m));
	in_thread(taker, m);
	CHECK_OK(pthread_mutex_trylock(m));
	CHECK_RC(pthread_mutex_destroy(m), EBUSY);
	CHECK_OK(pthread_mutex_unlock(m));
	CHECK_OK(pthread_mutex_destroy(m));
}
static void counting(pthread_mutex_t *m)
{
	CHECK_OK(pthread_mutex_lock(m));
	CHECK_OK(pthread_mutex_lock(m));
	CHECK_OK(pthread_mutex_trylock(m));
	in_thread(other, m);
	in_thread(not_owner, m);
	CHECK_OK(pthread_mutex_unlock(m));
	CHECK_OK(pthread_mutex_unlock(m));
	in_thread(other, m); /* still held once */
	CHECK_OK(pthread_mutex_unlock(m));
	in_thread(taker, m);
	CHECK_RC(pthread_mutex_unlock(m), EPERM);
	CHECK_OK(pthread_mutex_destroy(m));
}
static void checking(pthread_mutex_t *m)
{
	struct timespec ts = ts_in(CLOCK_REALTIME, 10000);
	CHECK_RC(pthread_mutex_unlock(m), EPERM);
	CHECK_OK(pthread_mutex_lock(m));
	CHECK_RC(pthread_mutex_lock(m), EDEADLK);
	CHECK_RC(pthread_mutex_timedlock(m, &ts), EDEADLK);
	CHECK_RC(pthread_mutex_trylock(m), EBUSY);
	in_thread(other, m);
	in_thread(not_owner, m);
	CHECK_OK(pthread_mutex_unlock(m));
	in_thread(taker, m);
	CHECK_OK(pthread_mutex_destroy(m));
}

int main(void)
{
	pthread_mutexattr_t a;
	pthread_mutex_t m;
	plain(&normal);
	counting(&recursive);
	checking(&errorcheck);
	plain(&adaptive);

	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutex_init(&m, &a));
	plain(&m);
	CHECK_OK(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_NORMAL));
	CHECK_OK(pthread_mutex_init(&m, &a));
	plain(&m);
	CHECK_OK(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE));
	CHECK_OK(pthread_mutex_init(&m, &a));
	counting(&m);
	CHECK_OK(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK));
	CHECK_OK(pthread_mutex_init(&m, &a));
	checking(&m);
	CHECK_OK(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ADAPTIVE_NP));
	CHECK_OK(pthread_mutex_init(&m, &a));
	plain(&m);
	printf("mutex types\n");
	return 0;
}
