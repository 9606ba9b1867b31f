// rule: a PTHREAD_PRIO_INHERIT mutex excludes and times out like another, and gives EDEADLK where its type does
// one-thread: yes
#include "../check.h"

static pthread_mutex_t m;
static void *other(void *arg)
{
	struct timespec ts = ts_in(CLOCK_REALTIME, 60);
	int64_t t0 = now_ns();
	CHECK_RC(pthread_mutex_trylock(&m), EBUSY);
	CHECK_RC(pthread_mutex_timedlock(&m, &ts), ETIMEDOUT);
	CHECK_WAITED(t0, 59);
	return arg;
}
static void *taker(void *arg)
{
	CHECK_OK(pthread_mutex_lock(&m));
	CHECK_OK(pthread_mutex_unlock(&m));
	return arg;
}

int main(void)
{
	pthread_mutexattr_t a;
	pthread_t t;
	const int types[] = { PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK };
	for (int i = 0; i < 3; i++) {
		CHECK_OK(pthread_mutexattr_init(&a));
		CHECK_OK(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT));
		CHECK_OK(pthread_mutexattr_settype(&a, types[i]));
		CHECK_OK(pthread_mutex_init(&m, &a));
		CHECK_OK(pthread_mutex_lock(&m));
		if (types[i] == PTHREAD_MUTEX_RECURSIVE) {
			CHECK_OK(pthread_mutex_lock(&m));
			CHECK_OK(pthread_mutex_unlock(&m));
		} else if (types[i] == PTHREAD_MUTEX_ERRORCHECK) {
			CHECK_RC(pthread_mutex_lock(&m), EDEADLK);
		}
		CHECK_OK(pthread_create(&t, NULL, other, NULL));
		CHECK_OK(pthread_join(t, NULL));
		CHECK_OK(pthread_create(&t, NULL, taker, NULL));
		sleep_ms(30);
		CHECK_OK(pthread_mutex_unlock(&m));
		CHECK_OK(pthread_join(t, NULL));
		CHECK_OK(pthread_mutex_destroy(&m));
	}
	printf("priority inheritance\n");
	return 0;
}
