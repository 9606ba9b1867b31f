// rule: pthread_setattr_default_np() is for all threads that are made without attributes: stack, guard, affinity, signal mask
// glibc: 2.32
// one-thread: yes
#include "../check.h"
#include <sched.h>
#include <signal.h>
#include <threads.h>

static size_t stack = 300 * 1024, guard = 5 * 4096;
static int processors;

static void *told(void *arg)
{
	pthread_attr_t attr;
	size_t size;
	sigset_t mask;
	cpu_set_t set;
	void *lowest;
	char here;
	CHECK_OK(pthread_getattr_np(pthread_self(), &attr));
	CHECK_OK(pthread_attr_getstack(&attr, &lowest, &size));
	CHECK_EQ(size, stack);
	CHECK(&here > (char *)lowest && &here < (char *)lowest + size);
	CHECK_OK(pthread_attr_getguardsize(&attr, &size));
	CHECK_EQ(size, guard);
	CHECK_OK(pthread_getaffinity_np(pthread_self(), sizeof set, &set));
	CHECK_EQ(CPU_COUNT(&set), processors);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, NULL, &mask));
	printf("%s: blocks %d %d\n", (char *)arg, sigismember(&mask, SIGUSR1), sigismember(&mask, SIGUSR2));
	CHECK_OK(pthread_attr_destroy(&attr));
	return NULL;
}

static int c11(void *arg) { return told(arg) != NULL; }

int main(void)
{
	pthread_attr_t attr, before;
	pthread_t t;
	thrd_t c;
	sigset_t usr1, usr2;
	cpu_set_t set;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	CHECK_OK(pthread_sigmask(SIG_SETMASK, &usr2, NULL));
	CHECK_OK(pthread_getattr_default_np(&before));

	CHECK_OK(sched_getaffinity(0, sizeof set, &set));
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &set) && CPU_COUNT(&set) > 1)
			CPU_CLR(i, &set);
	processors = 1;
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setstacksize(&attr, stack));
	CHECK_OK(pthread_attr_setguardsize(&attr, guard));
	CHECK_OK(pthread_attr_setaffinity_np(&attr, sizeof set, &set));
	CHECK_OK(pthread_attr_setsigmask_np(&attr, &usr1));
	CHECK_OK(pthread_setattr_default_np(&attr));
	CHECK_OK(pthread_attr_destroy(&attr));
	for (int i = 0; i < 2; i++) {
		CHECK_OK(pthread_create(&t, NULL, told, "by default"));
		CHECK_OK(pthread_join(t, NULL));
	}
	CHECK_EQ(thrd_create(&c, c11, "C11"), thrd_success);
	CHECK_EQ(thrd_join(c, NULL), thrd_success);

	/* Attributes that say nothing of a mask mean the creator's. */
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setguardsize(&attr, guard));
	CHECK_OK(pthread_attr_setaffinity_np(&attr, sizeof set, &set));
	CHECK_OK(pthread_create(&t, &attr, told, "with attributes"));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_attr_destroy(&attr));
	CHECK_OK(pthread_setattr_default_np(&before));
	CHECK_OK(pthread_attr_destroy(&before));
	return 0;
}
