// rule: a mutex excludes: 8 threads that yield while they hold it lose no increment
// variant: pi -DPROTOCOL=PTHREAD_PRIO_INHERIT
// variant: recursive -DTYPE=PTHREAD_MUTEX_RECURSIVE
// variant: robust -DROBUST=PTHREAD_MUTEX_ROBUST
// one-thread: yes
#include "../check.h"

#define N 8
#define ROUNDS 10000
static pthread_mutex_t m;
static long count;
static int inside;
static void *worker(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_OK(pthread_mutex_lock(&m));
		CHECK_EQ(inside, 0);
		inside = 1;
		long seen = count;
		if (i % 64 == 0)
			sched_yield();
		count = seen + 1;
		inside = 0;
		CHECK_OK(pthread_mutex_unlock(&m));
		if (i % 100 == 0)
			sched_yield();
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	pthread_mutexattr_t a;
	CHECK_OK(pthread_mutexattr_init(&a));
#ifdef PROTOCOL
	CHECK_OK(pthread_mutexattr_setprotocol(&a, PROTOCOL));
#endif
#ifdef TYPE
	CHECK_OK(pthread_mutexattr_settype(&a, TYPE));
#endif
#ifdef SHARED
	CHECK_OK(pthread_mutexattr_setpshared(&a, SHARED));
#endif
#ifdef ROBUST
	CHECK_OK(pthread_mutexattr_setrobust(&a, ROBUST));
#endif
	CHECK_OK(pthread_mutex_init(&m, &a));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("%ld\n", count);
	CHECK_OK(pthread_mutex_destroy(&m));
	check_os_threads(1);
	return 0;
}
