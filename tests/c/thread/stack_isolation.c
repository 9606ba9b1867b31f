// rule: every thread has its own stack and registers: locals survive switches to other threads
// variant: O3 -O3
// variant: avx -O3 -mavx2
// one-thread: yes
#include "../check.h"

#define N 16
static void *worker(void *arg)
{
	intptr_t seed = (intptr_t)arg;
	long a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, f = seed * 13;
	double x = seed, y = seed * 0.5, z = seed * 0.25;
	int array[100];
	for (int i = 0; i < 100; i++)
		array[i] = seed * i;
	for (int i = 0; i < 100; i++) {
		a += b; b ^= c; c += d; d -= e; e += f; f += i;
		x += y; y += z; z *= 1.0625;
		array[i] += i;
		sched_yield();
	}
	/* Again without switches. */
	long a2 = seed, b2 = seed * 3, c2 = seed * 5, d2 = seed * 7, e2 = seed * 11, f2 = seed * 13;
	double x2 = seed, y2 = seed * 0.5, z2 = seed * 0.25;
	for (int i = 0; i < 100; i++) {
		a2 += b2; b2 ^= c2; c2 += d2; d2 -= e2; e2 += f2; f2 += i;
		x2 += y2; y2 += z2; z2 *= 1.0625;
		CHECK_EQ(array[i], seed * i + i);
	}
	CHECK(a == a2 && b == b2 && c == c2 && d == d2 && e == e2 && f == f2);
	CHECK(x == x2 && y == y2 && z == z2);
	return arg;
}

int main(void)
{
	pthread_t t[N];
#ifdef __AVX2__
	if (!__builtin_cpu_supports("avx2")) {
		printf("isolated\n");
		return 0;
	}
#endif
	for (intptr_t i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)(i + 1)));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	printf("isolated\n");
	return 0;
}
