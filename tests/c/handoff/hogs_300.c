// rule: of 300 threads that spin on a flag, the one that sets it runs in the end; under the preload few OS threads do it
// timeout: 60
#include "hog.h"

static atomic_int flag;

static void *spins(void *arg)
{
	if ((intptr_t)arg == 299)
		atomic_store(&flag, 1);
	while (!atomic_load_explicit(&flag, memory_order_relaxed))
		;
	return NULL;
}

int main(void)
{
	pthread_t t[300];
	int most = 0;
	for (int i = 0; i < 300; i++) {
		t[i] = start(spins, i);
		int n = all_tasks();
		most = n > most ? n : most;
	}
	for (int i = 0; i < 300; i++)
		join(t[i]);
	if (preloaded())
		CHECK(most <= 2 * processors() + 8);
	puts("set");
	return 0;
}
