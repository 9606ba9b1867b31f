// rule: threads that compute without a call all advance, main as well
#include "hog.h"

static _Atomic uint64_t count[9];

static void *counts(void *arg)
{
	long id = (long)(intptr_t)arg;
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed))
		atomic_store_explicit(&count[id], count[id] + 1, memory_order_relaxed);
	return NULL;
}

static void all_advance(int n)
{
	pthread_t t[9];
	uint64_t before[9];
	atomic_store(&hog_stop, 0);
	for (int i = 0; i < n; i++)
		t[i] = start(counts, i);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < n; i++)
			before[i] = atomic_load(&count[i]);
		/* main is one of those who compute */
		for (int i = 0; i < n; i++)
			while (atomic_load_explicit(&count[i], memory_order_relaxed) == before[i])
				;
	}
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < n; i++)
		join(t[i]);
}

int main(void)
{
	all_advance(2);
	all_advance(9);
	puts("all");
	return 0;
}
