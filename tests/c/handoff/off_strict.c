// rule: with GEVENTRS_HANDOFF=off one thread runs at a time, always: nobody else runs until it waits or yields, however long it computes
// env: GEVENTRS_HANDOFF=off
// native: skip kernel threads run at once
// stderr: ignore
// one-thread: yes
#include "hog.h"

enum { N = 4, STEPS = 3 };
static volatile long count, sequence;
static volatile int together;

static void *works(void *arg)
{
	for (int step = 0; step < STEPS; step++) {
		long before = sequence;
		CHECK_EQ(together++, 0);
		/* No lock, no atomic operation, and much longer than a slice. */
		uint64_t end = cycles() + hog_rate * 40;
		long own = count;
		while (cycles() < end) {
			CHECK_EQ(count, own);
			count = ++own;
		}
		CHECK_EQ(--together, 0);
		CHECK_EQ(sequence, before);
		sequence = before + 1;
		if (step % 2)
			sched_yield();
		else
			sleep_ms(1);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	hog_init();
	for (int i = 0; i < N; i++)
		t[i] = start(works, i);
	for (int i = 0; i < N; i++)
		join(t[i]);
	CHECK_EQ(sequence, N * STEPS);
	CHECK(count > 1000);
	puts("one at a time");
	return 0;
}
