// rule: a thread that computes does not keep another from sleeping and waking (POSIX threads progress independently)
#include "hog.h"

int main(void)
{
	pthread_t t = start(hog, 0);
	int64_t t0 = now_ms();
	for (int ticks = 0; ticks < 60; ticks++)
		sleep_ms(5);
	/* 0.3 s at best, 0.9 s if each tick waits for a slice of 10 ms; a hog that
	 * keeps the processor never lets it come to this. */
	CHECK(now_ms() - t0 < 8000);
	atomic_store(&hog_stop, 1);
	join(t);
	puts("ticked");
	return 0;
}
