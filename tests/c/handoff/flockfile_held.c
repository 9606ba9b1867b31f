// rule: a thread that waits in libc for a stream's lock (flockfile held by a sleeping thread) gets it when the holder unlocks; others run
#include "hog.h"

static FILE *f;
static atomic_int order, ticks;

static void *holds(void *arg)
{
	flockfile(f);
	atomic_store(&order, 1);
	sleep_ms(100);
	fputs("holder ", f);
	CHECK_EQ(atomic_exchange(&order, 2), 1);
	funlockfile(f);
	return arg;
}

static void *wants(void *arg)
{
	fputs("other ", f);
	CHECK_EQ(atomic_load(&order), 2);
	return arg;
}

static void *ticker(void *arg)
{
	while (!atomic_load(&hog_stop)) {
		sleep_ms(2);
		atomic_fetch_add(&ticks, 1);
	}
	return arg;
}

int main(void)
{
	char text[200];
	f = tmpfile();
	CHECK(f != NULL);
	pthread_t tick = start(ticker, 0), h = start(holds, 0), w[10];
	while (atomic_load(&order) == 0)
		sched_yield();
	int before = atomic_load(&ticks);
	for (int i = 0; i < 10; i++)
		w[i] = start(wants, i);
	for (int i = 0; i < 10; i++)
		join(w[i]);
	join(h);
	CHECK(atomic_load(&ticks) - before >= ENOUGH_TICKS);
	atomic_store(&hog_stop, 1);
	join(tick);
	rewind(f);
	CHECK(fgets(text, sizeof text, f));
	puts(text);
	return 0;
}
