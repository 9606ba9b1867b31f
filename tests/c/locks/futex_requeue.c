// rule: FUTEX_REQUEUE and FUTEX_CMP_REQUEUE wake some waiters and move others to a second word; CMP gives EAGAIN when the word differs
// one-thread: yes
#include "futex.h"

#define N 5
static uint32_t a, b;
static int through, ready;
static void *waiter(void *arg)
{
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	CHECK_EQ(futex(&a, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), 0);
	__atomic_add_fetch(&through, 1, __ATOMIC_SEQ_CST);
	return arg;
}
static void start(pthread_t *t)
{
	ready = through = 0;
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, waiter, NULL));
	while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) < N)
		sleep_ms(1);
	sleep_ms(200); /* they all wait by now */
}
static void finish(pthread_t *t)
{
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_EQ(through, N);
}

int main(void)
{
	pthread_t t[N];
	start(t);
	CHECK_ERRNO(futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)10, &b, 99), EAGAIN);
	/* Wake one, move three: the result counts both. */
	CHECK_EQ(futex(&a, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)3, &b, 0), 4);
	/* Three are found at the other word, one at the first. */
	CHECK_EQ(futex(&b, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 3);
	CHECK_EQ(futex(&a, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 1);
	finish(t);

	start(t);
	/* Wake two, move the rest, without a look at the word. */
	long r = futex(&a, FUTEX_REQUEUE_PRIVATE, 2, (void *)INT_MAX, &b, 0);
	printf("requeue: %ld\n", r);
	CHECK_EQ(futex(&a, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&b, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
	CHECK_EQ(futex(&b, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 2);
	finish(t);
	return 0;
}
