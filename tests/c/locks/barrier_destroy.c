// rule: pthread_barrier_destroy() returns when those who wait at the barrier have left it (POSIX leaves it open; glibc waits)
// one-thread: yes
#include "../check.h"

static pthread_barrier_t b, again;
static volatile int steps;

static void *first(void *arg)
{
	steps++;
	int r = pthread_barrier_wait(&b);
	CHECK(r == 0 || r == PTHREAD_BARRIER_SERIAL_THREAD);
	return arg;
}

static void *second(void *arg)
{
	sleep_ms(100);
	steps = 10;
	return first(arg);
}

static void *meets(void *arg)
{
	int r = pthread_barrier_wait(&again);
	CHECK(r == 0 || r == PTHREAD_BARRIER_SERIAL_THREAD);
	return arg;
}

int main(void)
{
	pthread_t late[2];
	CHECK_OK(pthread_barrier_init(&b, NULL, 2));
	CHECK_OK(pthread_create(&late[0], NULL, first, NULL));
	CHECK_OK(pthread_create(&late[1], NULL, second, NULL));
	while (steps == 0)
		sched_yield();
	sleep_ms(20);
	CHECK_OK(pthread_barrier_destroy(&b));
	printf("destroyed after %d\n", steps >= 10);
	/* (glibc's do not always leave it: they are not joined.) */
	/* At once after the round, by whoever is its last. */
	for (int i = 0; i < 100; i++) {
		pthread_t t;
		CHECK_OK(pthread_barrier_init(&again, NULL, 2));
		CHECK_OK(pthread_create(&t, NULL, meets, NULL));
		int r = pthread_barrier_wait(&again);
		CHECK(r == 0 || r == PTHREAD_BARRIER_SERIAL_THREAD);
		CHECK_OK(pthread_barrier_destroy(&again));
		memset(&again, 0xff, sizeof again);
		CHECK_OK(pthread_join(t, NULL));
	}
	return 0;
}
