// rule: 2,000 threads with small stacks can be alive at once
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

#define N 2000
static pthread_t t[N];
static sem_t ready, go;
static int alive;
static void *worker(void *arg)
{
	__atomic_add_fetch(&alive, 1, __ATOMIC_RELAXED);
	sem_post(&ready);
	sem_wait(&go);
	__atomic_sub_fetch(&alive, 1, __ATOMIC_RELAXED);
	return arg;
}

int main(void)
{
	pthread_attr_t attr;
	void *r;
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setstacksize(&attr, 32 * 1024));
	for (intptr_t i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], &attr, worker, (void *)i));
	for (int i = 0; i < N; i++)
		CHECK_EQ(sem_wait(&ready), 0);
	printf("alive: %d\n", alive);
	check_os_threads(1);
	for (int i = 0; i < N; i++)
		sem_post(&go);
	for (intptr_t i = 0; i < N; i++) {
		CHECK_OK(pthread_join(t[i], &r));
		CHECK_EQ((intptr_t)r, i);
	}
	printf("alive: %d\n", alive);
	return 0;
}
