// A thread named "deep" recurses for ever while another one waits.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static volatile int depth;

__attribute__((noinline)) static int deeper(int n)
{
	volatile char frame[500];
	frame[n % 500] = (char)n;
	depth = n;
	return deeper(n + 1) + frame[n % 500];
}

static void *deep(void *arg)
{
	(void)arg;
	pthread_setname_np(pthread_self(), "deep");
	usleep(1000);
	printf("%d\n", deeper(0));
	return NULL;
}

static void *idle(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

int main(void)
{
	pthread_t a, b;
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	pthread_create(&a, NULL, idle, NULL);
	pthread_create(&b, NULL, deep, NULL);
	pthread_join(b, NULL);
	return 0;
}
