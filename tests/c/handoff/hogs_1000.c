// rule: a thousand threads that compute all come to their end; under the preload few OS threads do it, and whoever sleeps beside them goes on
// timeout: 120
#include "hog.h"

enum { HOGS = 1000 };

static atomic_int done;
static volatile int ticks;

/* Longer than a slice. */
static void *computes(void *arg)
{
	compute_ms(12);
	atomic_fetch_add(&done, 1);
	return arg;
}

static void *ticker(void *arg)
{
	while (atomic_load(&done) < HOGS) {
		sleep_ms(10);
		ticks++;
	}
	return arg;
}

int main(void)
{
	pthread_t t[HOGS], sleeper;
	int most = 0;
	hog_init();
	sleeper = start(ticker, 0);
	for (int i = 0; i < HOGS; i++) {
		t[i] = start(computes, i);
		if (i % 50 == 0) {
			int n = all_tasks();
			most = n > most ? n : most;
		}
	}
	for (int i = 0; i < HOGS; i++)
		CHECK_EQ((intptr_t)join(t[i]), i);
	join(sleeper);
	CHECK(ticks > 20);
	if (preloaded())
		CHECK(most <= 2 * processors() + 8);
	puts("all");
	return 0;
}
