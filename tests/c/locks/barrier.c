// rule: a barrier lets all go when the last comes, exactly one gets PTHREAD_BARRIER_SERIAL_THREAD, and it can be used again at once
// one-thread: yes
#include "../check.h"

#define N 6
#define ROUNDS 300
static pthread_barrier_t b;
static int arrived[ROUNDS], serial[ROUNDS];
static void *worker(void *arg)
{
	for (int r = 0; r < ROUNDS; r++) {
		__atomic_add_fetch(&arrived[r], 1, __ATOMIC_SEQ_CST);
		int rc = pthread_barrier_wait(&b);
		CHECK_EQ(__atomic_load_n(&arrived[r], __ATOMIC_SEQ_CST), N);
		if (rc == PTHREAD_BARRIER_SERIAL_THREAD)
			__atomic_add_fetch(&serial[r], 1, __ATOMIC_SEQ_CST);
		else
			CHECK_EQ(rc, 0);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	pthread_barrierattr_t a;
	int v;
	CHECK_RC(pthread_barrier_init(&b, NULL, 0), EINVAL);
	CHECK_OK(pthread_barrierattr_init(&a));
	CHECK_OK(pthread_barrierattr_getpshared(&a, &v));
	CHECK_EQ(v, PTHREAD_PROCESS_PRIVATE);
	CHECK_RC(pthread_barrierattr_setpshared(&a, 99), EINVAL);
	CHECK_OK(pthread_barrierattr_setpshared(&a, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_barrier_init(&b, &a, 1));
	CHECK_EQ(pthread_barrier_wait(&b), PTHREAD_BARRIER_SERIAL_THREAD);
	CHECK_OK(pthread_barrier_destroy(&b));

	CHECK_OK(pthread_barrier_init(&b, NULL, N));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	for (int r = 0; r < ROUNDS; r++)
		CHECK_EQ(serial[r], 1);
	CHECK_OK(pthread_barrier_destroy(&b));
	printf("%d rounds\n", ROUNDS);
	return 0;
}
