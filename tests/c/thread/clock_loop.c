// rule: a thread that looks at its own processor time until that has got somewhere lets others go on
// source: clock_gettime(2); getrusage(2)
#include "../handoff/hog.h"
#include <sys/resource.h>

/* Without a pause between two looks, by one way and by the other. */
static void *looks(void *arg)
{
	struct timespec t = {0, 0};
	struct rusage u;
	while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < 400)
		CHECK_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	do
		CHECK_EQ(getrusage(RUSAGE_THREAD, &u), 0);
	while ((u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000 +
	               (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1000 < 800);
	atomic_store(&hog_stop, 1);
	return arg;
}

int main(void)
{
	int ticks = 0;
	pthread_t t = start(looks, 0);
	for (; !atomic_load(&hog_stop); ticks++)
		sleep_ms(5);
	join(t);
	/* Of 160; on a busy machine fewer. */
	CHECK(ticks >= 20);
	puts("went on");
	return 0;
}
