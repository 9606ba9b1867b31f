// rule: a join that timed out leaves the thread joinable, by another thread too
// one-thread: yes
#include "../check.h"
#include <semaphore.h>

static sem_t go;
static pthread_t target;
static void *waiter(void *arg)
{
	sem_wait(&go);
	return arg;
}
static void *joiner(void *arg)
{
	void *r;
	struct timespec ts = ts_in(CLOCK_REALTIME, 50);
	CHECK_RC(pthread_timedjoin_np(target, &r, &ts), ETIMEDOUT);
	return arg;
}

int main(void)
{
	pthread_t j;
	void *r;
	sem_init(&go, 0, 0);
	CHECK_OK(pthread_create(&target, NULL, waiter, (void *)5));
	for (int i = 0; i < 3; i++) {
		CHECK_OK(pthread_create(&j, NULL, joiner, NULL));
		CHECK_OK(pthread_join(j, NULL));
	}
	sem_post(&go);
	CHECK_OK(pthread_join(target, &r));
	CHECK_EQ((intptr_t)r, 5);
	printf("joined after three time-outs\n");
	return 0;
}
