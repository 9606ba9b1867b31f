/* A deadlock that natively comes once a week: two threads take two locks, each in the
 * other order. docs/debugging.md shows how geventrs proves it. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;

static void take(pthread_mutex_t *account)
{
	pthread_mutex_lock(account);
	usleep(10000);
}

static void *left(void *arg)
{
	take(&a);
	pthread_mutex_lock(&b);
	pthread_mutex_unlock(&b);
	pthread_mutex_unlock(&a);
	return arg;
}

static void *right(void *arg)
{
	take(&b);
	pthread_mutex_lock(&a);
	pthread_mutex_unlock(&a);
	pthread_mutex_unlock(&b);
	return arg;
}

static pthread_t start(void *(*what)(void *), const char *name)
{
	pthread_t t;
	pthread_create(&t, NULL, what, NULL);
	pthread_setname_np(t, name);
	return t;
}

int main(void)
{
	pthread_t first = start(left, "left"), second = start(right, "right");
	puts("transferring");
	fflush(stdout);
	pthread_join(first, NULL);
	pthread_join(second, NULL);
	puts("done");
	return 0;
}
