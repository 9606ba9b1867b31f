// rule: main returning ends the process with its value whatever threads still run
// exit: 7
#include "../check.h"
#include <semaphore.h>

static sem_t started;
static void at_exit(void) { printf("atexit\n"); }
static void never(void *arg) { printf("not to be seen: %s\n", (char *)arg); }
static void *sleeper(void *arg)
{
	pthread_cleanup_push(never, "handler");
	sem_post(&started);
	sleep(1000);
	pthread_cleanup_pop(1);
	return arg;
}
static void *locked(void *arg)
{
	sem_t s;
	sem_init(&s, 0, 0);
	sem_post(&started);
	sem_wait(&s);
	return arg;
}

int main(void)
{
	pthread_t t;
	atexit(at_exit);
	sem_init(&started, 0, 0);
	CHECK_OK(pthread_create(&t, NULL, sleeper, NULL));
	CHECK_OK(pthread_create(&t, NULL, locked, NULL));
	sem_wait(&started);
	sem_wait(&started);
	printf("main returns\n");
	return 7;
}
