// rule: FUTEX_WAIT gives EAGAIN when the word differs, ETIMEDOUT after a relative time-out; FUTEX_WAKE returns how many it woke
// variant: shared -DPRIVATE=0
// one-thread: yes
#include "futex.h"
#ifndef PRIVATE
#define PRIVATE FUTEX_PRIVATE_FLAG
#endif

#define N 5
static uint32_t word;
static int woken;
static void *waiter(void *arg)
{
	while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0)
		if (futex(&word, FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0) == 0)
			__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return arg;
}
static void *still(void *arg)
{
	/* Woken without the word having changed. */
	CHECK_EQ(futex(&word, FUTEX_WAIT | PRIVATE, 7, NULL, NULL, 0), 0);
	return arg;
}

int main(void)
{
	pthread_t t[N];
	struct timespec ts;
	int64_t t0;
	CHECK_ERRNO(futex(&word, FUTEX_WAIT | PRIVATE, 1, NULL, NULL, 0), EAGAIN);
	CHECK_EQ(futex(&word, FUTEX_WAKE | PRIVATE, 1, NULL, NULL, 0), 0);
	t0 = now_ns();
	ts = ts_ms(80);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT | PRIVATE, 0, &ts, NULL, 0), ETIMEDOUT);
	CHECK_WAITED(t0, 80);
	ts = ts_ms(0);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT | PRIVATE, 0, &ts, NULL, 0), ETIMEDOUT);
	ts.tv_nsec = 1000000000;
	CHECK_ERRNO(futex(&word, FUTEX_WAIT | PRIVATE, 0, &ts, NULL, 0), EINVAL);
	CHECK_ERRNO(futex((uint32_t *)((char *)&word + 1), FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(NULL, FUTEX_WAIT | PRIVATE, 0, NULL, NULL, 0), EFAULT);
	CHECK_ERRNO(futex(&word, 127 | PRIVATE, 0, NULL, NULL, 0), ENOSYS);

	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, waiter, NULL));
	sleep_ms(50);
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	long r = futex(&word, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0);
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_EQ(r, woken);

	word = 7;
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, still, NULL));
	futex_wake_all(&word, FUTEX_WAKE | PRIVATE, N, 0);
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_EQ(futex(&word, FUTEX_WAKE | PRIVATE, INT_MAX, NULL, NULL, 0), 0);
	printf("wait and wake\n");
	return 0;
}
