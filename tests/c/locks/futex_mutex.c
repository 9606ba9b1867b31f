// rule: a lock that a program builds on the futex system call excludes and loses no wakeup
// one-thread: yes
#include "futex.h"

#define N 8
static uint32_t word; /* 0 free, 1 held, 2 held and waited for */
static long count;
static void lock(void)
{
	uint32_t c = 0;
	if (__atomic_compare_exchange_n(&word, &c, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return;
	if (c != 2)
		c = __atomic_exchange_n(&word, 2, __ATOMIC_SEQ_CST);
	while (c != 0) {
		futex(&word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
		c = __atomic_exchange_n(&word, 2, __ATOMIC_SEQ_CST);
	}
}
static void unlock(void)
{
	if (__atomic_exchange_n(&word, 0, __ATOMIC_SEQ_CST) == 2)
		futex(&word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void *worker(void *arg)
{
	for (int i = 0; i < 5000; i++) {
		lock();
		long seen = count;
		if (i % 50 == 0)
			sched_yield();
		count = seen + 1;
		unlock();
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("%ld\n", count);
	return 0;
}
