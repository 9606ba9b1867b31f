// rule: a thread that computes does not keep another from sleeping and waking (POSIX threads progress independently)
#include "hog.h"

int main(void)
{
	pthread_t t = start(hog, 0);
	int64_t t0 = now_ms();
	int ticks = 0;
	while (now_ms() - t0 < 600) {
		sleep_ms(5);
		ticks++;
	}
	atomic_store(&hog_stop, 1);
	join(t);
	/* 120 at best; each tick may wait for one slice of 10 ms. */
	CHECK(ticks >= 30);
	puts("ticked");
	return 0;
}
