// Says whether five sleeps of 0.2 s in five threads overlapped.
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void *nap(void *arg)
{
	usleep(200000);
	return arg;
}

int main(void)
{
	pthread_t threads[5];
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < 5; i++)
		pthread_create(&threads[i], NULL, nap, NULL);
	for (int i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	double took = (b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) / 1e9;
	puts(took < 0.9 ? "together" : "one after the other");
	return 0;
}
