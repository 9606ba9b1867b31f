// rule: a thousand threads that compute all come to their end, and beside them a sleeper wakes in time; under the preload few OS threads do it
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

/* Sleeps for 10 ms at a time until all are done; returns how often. */
static void *ticks(void *arg)
{
	intptr_t n = 0;
	for (; atomic_load(&done) < HOGS; n++)
		usleep(10000);
	(void)arg;
	return (void *)n;
}

int main(void)
{
	pthread_t t[HOGS], ticker;
	int most = 0;
	hog_init();
	int64_t began = now_ns();
	ticker = start(ticks, 0);
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
	int64_t ticked = (intptr_t)join(ticker);
	/* (Natively a thousand threads that run keep a sleeper from the few processors.) */
	if (preloaded())
		CHECK(ticked >= (now_ns() - began) / 10000000 / 10);
	if (preloaded())
		CHECK(most <= 2 * processors() + 8);
	puts("all");
	return 0;
}
