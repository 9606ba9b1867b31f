// rule: a thread-local variable's address differs between live threads, and other threads may use it by pointer
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

static __thread int mine = 1;
static int *volatile address[4];
static sem_t ready, go;
static void *worker(void *arg)
{
	address[(intptr_t)arg] = &mine;
	sem_post(&ready);
	sem_wait(&go);
	return (void *)(intptr_t)mine;
}

int main(void)
{
	pthread_t t[4];
	void *r;
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	for (intptr_t i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)i));
	for (int i = 0; i < 4; i++)
		sem_wait(&ready);
	for (int i = 0; i < 4; i++) {
		CHECK(address[i] != &mine);
		for (int j = 0; j < i; j++)
			CHECK(address[i] != address[j]);
		*address[i] = 100 + i;
	}
	for (int i = 0; i < 4; i++)
		sem_post(&go);
	for (int i = 0; i < 4; i++) {
		CHECK_OK(pthread_join(t[i], &r));
		CHECK_EQ((intptr_t)r, 100 + i);
	}
	CHECK_EQ(mine, 1);
	printf("own variables\n");
	return 0;
}
