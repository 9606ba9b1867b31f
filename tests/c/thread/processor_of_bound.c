// rule: sched_setaffinity(2), sched_getcpu(3): a thread that has bound itself to a processor, and those that it makes, are on that one
#include "../check.h"
#include <sched.h>

enum { MOST = 4, STEPS = 100 };

static void look(int processor)
{
	for (int i = 0; i < STEPS; i++) {
		unsigned number = -1, by_number = -1, node;
		CHECK_EQ(sched_getcpu(), processor);
		CHECK_EQ(syscall(SYS_getcpu, &by_number, &node, NULL), 0);
		CHECK_EQ(by_number, (unsigned)processor);
		CHECK_EQ(getcpu(&number, NULL), 0);
		CHECK_EQ(number, (unsigned)processor);
		CHECK_EQ(getcpu(NULL, &node), 0);
		usleep(300);
	}
}

static void *made(void *arg)
{
	look((int)(intptr_t)arg);
	return NULL;
}

static void *bound(void *arg)
{
	int processor = (int)(intptr_t)arg;
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	CHECK_OK(pthread_setaffinity_np(pthread_self(), sizeof set, &set));
	look(processor);
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, made, arg));
	look(processor);
	CHECK_OK(pthread_join(t, NULL));
	return NULL;
}

int main(void)
{
	cpu_set_t all;
	pthread_t threads[2 * MOST];
	int n = 0;
	CHECK_EQ(sched_getaffinity(0, sizeof all, &all), 0);
	for (int p = 0; p < CPU_SETSIZE && n < 2 * MOST; p++)
		if (CPU_ISSET(p, &all))
			for (int i = 0; i < 2; i++)
				CHECK_OK(pthread_create(&threads[n++], NULL, bound, (void *)(intptr_t)p));
	while (n > 0)
		CHECK_OK(pthread_join(threads[--n], NULL));
	CHECK(CPU_ISSET(sched_getcpu(), &all));
	puts("each was where it is bound to");
	return 0;
}
