// rule: FUTEX_WAIT_BITSET has an absolute time-out and FUTEX_WAKE_BITSET wakes only waiters that share a bit
// one-thread: yes
#include "futex.h"

static uint32_t word;
static int woken[4];
static void *waiter(void *arg)
{
	int n = (intptr_t)arg;
	CHECK_EQ(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 1u << n), 0);
	__atomic_store_n(&woken[n], 1, __ATOMIC_SEQ_CST);
	return NULL;
}

int main(void)
{
	pthread_t t[4];
	struct timespec ts;
	int64_t t0;
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 1, NULL, NULL, 1), EAGAIN);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, 0), EINVAL);
	CHECK_ERRNO(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 0), EINVAL);
	t0 = now_ns();
	ts = ts_in(CLOCK_MONOTONIC, 80);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &ts, NULL, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
	CHECK_WAITED(t0, 79);
	t0 = now_ns();
	ts = ts_in(CLOCK_REALTIME, 80);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &ts, NULL, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);
	CHECK_WAITED(t0, 79);
	ts = ts_in(CLOCK_MONOTONIC, -100);
	CHECK_ERRNO(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, &ts, NULL, FUTEX_BITSET_MATCH_ANY), ETIMEDOUT);

	for (intptr_t i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, waiter, (void *)i));
	/* In an order of our own, whatever the order they came in. */
	const int order[4] = { 2, 0, 3, 1 };
	for (int i = 0; i < 4; i++) {
		futex_wake_all(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, 1u << order[i]);
		CHECK_OK(pthread_join(t[order[i]], NULL));
		for (int j = i + 1; j < 4; j++)
			CHECK_EQ(__atomic_load_n(&woken[order[j]], __ATOMIC_SEQ_CST), 0);
		printf("woke %d\n", order[i]);
	}
	/* A plain wake reaches bitset waiters, and the other way round. */
	CHECK_OK(pthread_create(&t[0], NULL, waiter, (void *)3));
	futex_wake_all(&word, FUTEX_WAKE_PRIVATE, 1, 0);
	CHECK_OK(pthread_join(t[0], NULL));
	return 0;
}
