// rule: a thread with a stack of PTHREAD_STACK_MIN bytes runs, and can block
// one-thread: yes
#include "../check.h"
#include <limits.h>
#include <semaphore.h>

static sem_t s;
static void *worker(void *arg)
{
	sem_wait(&s);
	sched_yield();
	usleep(1000);
	return (char *)arg + 1;
}

int main(void)
{
	pthread_attr_t a;
	pthread_t t[8];
	void *r;
	sem_init(&s, 0, 0);
	CHECK_OK(pthread_attr_init(&a));
	CHECK_OK(pthread_attr_setstacksize(&a, PTHREAD_STACK_MIN));
	for (intptr_t i = 0; i < 8; i++)
		CHECK_OK(pthread_create(&t[i], &a, worker, (void *)i));
	for (int i = 0; i < 8; i++)
		sem_post(&s);
	for (intptr_t i = 0; i < 8; i++) {
		CHECK_OK(pthread_join(t[i], &r));
		CHECK_EQ((intptr_t)r, i + 1);
	}
	printf("small stacks\n");
	return 0;
}
