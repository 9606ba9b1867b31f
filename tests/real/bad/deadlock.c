// Two threads lock two mutexes in opposite orders, a third waits on a
// condition that nobody signals, and main joins them.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t c = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void *left(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&a);
	usleep(50000);
	pthread_mutex_lock(&b);
	return NULL;
}

static void *right(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&b);
	usleep(50000);
	pthread_mutex_lock(&a);
	return NULL;
}

static void *waiter(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&c);
	for (;;)
		pthread_cond_wait(&cond, &c);
}

int main(void)
{
	pthread_t threads[3];
	pthread_create(&threads[0], NULL, left, NULL);
	pthread_create(&threads[1], NULL, right, NULL);
	pthread_create(&threads[2], NULL, waiter, NULL);
	pthread_setname_np(threads[0], "left");
	pthread_setname_np(threads[1], "right");
	pthread_setname_np(threads[2], "waiter");
	printf("stuck\n");
	fflush(stdout);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
