// Runs with the library and without it: on greenlets if it is there (linked or
// preloaded), else on pthreads. Says on which on stderr, and prints who has slept.
//
//     cc -DGEV_WEAK optional.c $(pkg-config --cflags geventrs) -pthread -o optional
//     ./optional
//     LD_PRELOAD=libgeventrs.so ./optional
#define GEV_WEAK
#include <geventrs.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

static void nap(int milliseconds)
{
	struct timespec span = { 0, milliseconds * 1000000L };
	if (GEV_AVAILABLE)
		gev_sleep(milliseconds * GEV_MILLISECOND);
	else
		nanosleep(&span, NULL);
}

static void *work(void *milliseconds)
{
	nap((int)(size_t)milliseconds);
	printf("slept %zu ms\n", (size_t)milliseconds);
	return NULL;
}

int main(void)
{
	size_t naps[] = { 300, 200, 100 };
	fprintf(stderr, "on %s\n", GEV_AVAILABLE ? "greenlets" : "pthreads");
	if (GEV_AVAILABLE) {
		gev_greenlet *greenlets[3];
		for (int i = 0; i < 3; i++)
			greenlets[i] = gev_spawn(work, (void *)naps[i]);
		gev_joinall(greenlets, 3, GEV_FOREVER);
		return 0;
	}
	pthread_t threads[3];
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work, (void *)naps[i]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
