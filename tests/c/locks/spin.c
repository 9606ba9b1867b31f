// rule: a spin lock excludes, also when its holder yields or sleeps while others spin
// one-thread: yes
#include "../check.h"

#define N 4
static pthread_spinlock_t s;
static long count;
static void *worker(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		CHECK_OK(pthread_spin_lock(&s));
		long seen = count;
		if (i % 50 == 0)
			sched_yield();
		if (i == 500)
			usleep(1000);
		count = seen + 1;
		CHECK_OK(pthread_spin_unlock(&s));
	}
	return arg;
}
static void *tryer(void *arg)
{
	CHECK_RC(pthread_spin_trylock(&s), EBUSY);
	return arg;
}

int main(void)
{
	pthread_t t[N];
	CHECK_OK(pthread_spin_init(&s, PTHREAD_PROCESS_PRIVATE));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("%ld\n", count);
	CHECK_OK(pthread_spin_trylock(&s));
	CHECK_OK(pthread_create(&t[0], NULL, tryer, NULL));
	CHECK_OK(pthread_join(t[0], NULL));
	CHECK_OK(pthread_spin_unlock(&s));
	CHECK_OK(pthread_spin_destroy(&s));
	return 0;
}
