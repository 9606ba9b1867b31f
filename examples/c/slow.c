/* A slow program whose CPU is idle: four workers take one lock in turns and sleep
 * with it, one thread listens on a pipe on which nobody speaks for long, one
 * computes. docs/debugging.md shows how geventrs tells. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int speaks[2];

static void with_lock(void)
{
	pthread_mutex_lock(&lock);
	usleep(3000);
	pthread_mutex_unlock(&lock);
}

static void *worker(void *arg)
{
	for (int i = 0; i < 10; i++)
		with_lock();
	return arg;
}

static void *listener(void *arg)
{
	char text[512];
	return read(speaks[0], text, sizeof text) < 0 ? NULL : arg;
}

__attribute__((noinline)) static double crunch(double milliseconds)
{
	clock_t end = clock() + (clock_t)(milliseconds * CLOCKS_PER_SEC / 1000);
	double sum = 0;
	while (clock() < end)
		for (int i = 1; i < 10000; i++)
			sum += 1.0 / i;
	return sum;
}

static void *cruncher(void *arg)
{
	volatile double sum = crunch(100);
	(void)sum;
	return arg;
}

static pthread_t begin(void *(*what)(void *), const char *name)
{
	pthread_t t;
	pthread_create(&t, NULL, what, NULL);
	pthread_setname_np(t, name);
	return t;
}

int main(void)
{
	pthread_t t[6];
	if (pipe(speaks))
		return 1;
	for (int i = 0; i < 4; i++)
		t[i] = begin(worker, "worker");
	t[4] = begin(listener, "listener");
	t[5] = begin(cruncher, "cruncher");
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	if (write(speaks[1], "hello", 5) != 5)
		return 1;
	pthread_join(t[4], NULL);
	pthread_join(t[5], NULL);
	puts("done");
	return 0;
}
