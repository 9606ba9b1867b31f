// Two threads poll with select() for two seconds; a third gets on with things
// meanwhile.
//
//     gcc -pthread select_poll.c -o select_poll
//     ./select_poll
//     LD_PRELOAD=libgeventrs.so ./select_poll
#include <pthread.h>
#include <stdio.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

static struct timespec start;

static double tic(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start.tv_sec) + (now.tv_nsec - start.tv_nsec) / 1e9;
}

static void *gr1(void *arg)
{
	struct timeval timeout = { 2, 0 };
	(void)arg;
	printf("Started Polling: at %.1f seconds\n", tic());
	select(0, NULL, NULL, NULL, &timeout);
	printf("Ended Polling: at %.1f seconds\n", tic());
	return NULL;
}

static void *gr2(void *arg)
{
	struct timeval timeout = { 2, 0 };
	(void)arg;
	printf("Started Polling: at %.1f seconds\n", tic());
	select(0, NULL, NULL, NULL, &timeout);
	printf("Ended Polling: at %.1f seconds\n", tic());
	return NULL;
}

static void *gr3(void *arg)
{
	(void)arg;
	printf("Hey lets do some stuff while the greenlets poll, at %.1f seconds\n", tic());
	sleep(1);
	return NULL;
}

int main(void)
{
	void *(*work[])(void *) = { gr1, gr2, gr3 };
	pthread_t threads[3];
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, work[i], NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
