// rule: a thread's CPU affinity can be read and set, and new threads inherit it
#include "../check.h"
#include <sched.h>

static cpu_set_t all;
static void *worker(void *arg)
{
	cpu_set_t set;
	CHECK_OK(pthread_getaffinity_np(pthread_self(), sizeof set, &set));
	CHECK(CPU_EQUAL(&set, &all));
	CHECK_OK(pthread_setaffinity_np(pthread_self(), sizeof set, &set));
	CHECK(sched_getcpu() >= 0);
	return arg;
}

int main(void)
{
	pthread_t t;
	cpu_set_t set, none;
	pthread_attr_t attr;
	CHECK_EQ(sched_getaffinity(0, sizeof all, &all), 0);
	CHECK(CPU_COUNT(&all) > 0);
	CHECK_OK(pthread_getaffinity_np(pthread_self(), sizeof set, &set));
	CHECK(CPU_EQUAL(&set, &all));
	CPU_ZERO(&none);
	CHECK_RC(pthread_setaffinity_np(pthread_self(), sizeof none, &none), EINVAL);
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setaffinity_np(&attr, sizeof all, &all));
	CHECK_OK(pthread_create(&t, &attr, worker, NULL));
	CHECK_OK(pthread_join(t, NULL));
	printf("affinity\n");
	return 0;
}
