// rule: scheduling parameters of threads can be read and set; SCHED_OTHER has priority 0 only; the concurrency level is kept
#include "../check.h"
#include <sched.h>
#include <semaphore.h>

static sem_t go;
static void *worker(void *arg)
{
	int policy;
	struct sched_param p;
	CHECK_OK(pthread_getschedparam(pthread_self(), &policy, &p));
	CHECK_EQ(policy, SCHED_OTHER);
	sem_wait(&go);
	return arg;
}

int main(void)
{
	pthread_t t;
	int policy = -1;
	struct sched_param p = { -1 };
	CHECK_EQ(pthread_getconcurrency(), 0);
	CHECK_OK(pthread_setconcurrency(5));
	CHECK_EQ(pthread_getconcurrency(), 5);
	CHECK_RC(pthread_setconcurrency(-1), EINVAL);

	sem_init(&go, 0, 0);
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	CHECK_OK(pthread_getschedparam(t, &policy, &p));
	CHECK_EQ(policy, SCHED_OTHER);
	CHECK_EQ(p.sched_priority, 0);
	CHECK_OK(pthread_setschedparam(t, SCHED_OTHER, &p));
	p.sched_priority = 50;
	CHECK_RC(pthread_setschedparam(t, SCHED_OTHER, &p), EINVAL);
	CHECK_RC(pthread_setschedparam(t, 99, &p), EINVAL);
	CHECK_OK(pthread_setschedprio(t, 0));
	CHECK_RC(pthread_setschedprio(t, 50), EINVAL);
	CHECK_OK(pthread_getschedparam(pthread_self(), &policy, &p));
	CHECK_EQ(policy, SCHED_OTHER);
	CHECK_EQ(sched_getscheduler(0), SCHED_OTHER);
	sem_post(&go);
	CHECK_OK(pthread_join(t, NULL));
	printf("scheduling\n");
	return 0;
}
