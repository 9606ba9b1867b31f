// rule: pthread_getattr_np() of another live thread tells that thread's stack
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

static sem_t ready, go;
static char *volatile local_of[2];
static void *worker(void *arg)
{
	char local = 1;
	local_of[(intptr_t)arg] = &local;
	sem_post(&ready);
	sem_wait(&go);
	return NULL;
}

int main(void)
{
	pthread_t t[2];
	char *low[2];
	size_t size[2];
	sem_init(&ready, 0, 0);
	sem_init(&go, 0, 0);
	for (intptr_t i = 0; i < 2; i++) {
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)i));
		sem_wait(&ready);
	}
	check_os_threads(1);
	for (int i = 0; i < 2; i++) {
		pthread_attr_t attr;
		void *addr;
		CHECK_OK(pthread_getattr_np(t[i], &attr));
		CHECK_OK(pthread_attr_getstack(&attr, &addr, &size[i]));
		low[i] = addr;
		CHECK(local_of[i] > low[i] && local_of[i] < low[i] + size[i]);
		pthread_attr_destroy(&attr);
	}
	CHECK(low[0] + size[0] <= low[1] || low[1] + size[1] <= low[0]);
	sem_post(&go);
	sem_post(&go);
	CHECK_OK(pthread_join(t[0], NULL));
	CHECK_OK(pthread_join(t[1], NULL));
	printf("two stacks apart\n");
	return 0;
}
