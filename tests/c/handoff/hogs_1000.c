// rule: a thousand threads that compute all come to their end; under the preload few OS threads do it
// timeout: 120
#include "hog.h"

enum { HOGS = 1000 };

static atomic_int done;

/* Longer than a slice. */
static void *computes(void *arg)
{
	compute_ms(12);
	atomic_fetch_add(&done, 1);
	return arg;
}

int main(void)
{
	pthread_t t[HOGS];
	int most = 0;
	hog_init();
	for (int i = 0; i < HOGS; i++) {
		t[i] = start(computes, i);
		if (i % 50 == 0) {
			int n = all_tasks();
			most = n > most ? n : most;
		}
	}
	for (int i = 0; i < HOGS; i++)
		CHECK_EQ((intptr_t)join(t[i]), i);
	CHECK_EQ(atomic_load(&done), HOGS);
	if (preloaded())
		CHECK(most <= 2 * processors() + 8);
	puts("all");
	return 0;
}
