/* Parallel loops of OpenMP with a reduction, tasks, a critical section and
 * barriers: the arithmetic is in integers, so that the order does not show. */
#include <omp.h>
#include <stdint.h>
#include <stdio.h>

static uint64_t fibonacci(int n)
{
	uint64_t a, b;
	if (n < 18) {
		a = 0, b = 1;
		for (int i = 0; i < n; i++) {
			uint64_t t = a + b;
			a = b;
			b = t;
		}
		return a;
	}
#pragma omp task shared(a)
	a = fibonacci(n - 1);
#pragma omp task shared(b)
	b = fibonacci(n - 2);
#pragma omp taskwait
	return a + b;
}

int main(void)
{
	uint64_t sum = 0, in_turn = 0, fib = 0;
	int team = 0;
	for (int round = 0; round < 20; round++) {
#pragma omp parallel for reduction(+ : sum) schedule(dynamic, 1000)
		for (int i = 0; i < 200000; i++) {
			uint64_t x = i * 2654435761u + round;
			for (int k = 0; k < 20; k++)
				x = x * 6364136223846793005u + 1442695040888963407u;
			sum += x >> 40;
		}
	}
#pragma omp parallel
	{
#pragma omp single
		team = omp_get_num_threads();
		for (int i = 0; i < 50; i++) {
#pragma omp critical
			in_turn++;
#pragma omp barrier
		}
#pragma omp single
		fib = fibonacci(24);
	}
	printf("%llu %llu %llu of %d\ndone\n", (unsigned long long)sum, (unsigned long long)in_turn,
	       (unsigned long long)fib, team);
	return 0;
}
