// rule: pthread_create() gives EAGAIN when it cannot have the memory and EINVAL for bad attributes, and makes no thread
// one-thread: yes
#include "../check.h"
#include <sched.h>

static int runs;
static void *worker(void *arg)
{
	runs++;
	check_os_threads(1);
	return arg;
}

int main(void)
{
	pthread_attr_t attr;
	pthread_t t;
	struct sched_param p = { 0 };
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setstacksize(&attr, 1UL << 46));
	CHECK_RC(pthread_create(&t, &attr, worker, NULL), EAGAIN);
	CHECK_OK(pthread_attr_destroy(&attr));

	/* A guard that no size can hold. */
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setstacksize(&attr, 64 * 1024));
	CHECK_OK(pthread_attr_setguardsize(&attr, SIZE_MAX));
	CHECK_RC(pthread_create(&t, &attr, worker, NULL), EINVAL);
	CHECK_OK(pthread_attr_destroy(&attr));

	/* Explicit scheduling as everyone has it is no error. */
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED));
	CHECK_OK(pthread_attr_setschedpolicy(&attr, SCHED_OTHER));
	CHECK_OK(pthread_attr_setschedparam(&attr, &p));
	CHECK_OK(pthread_create(&t, &attr, worker, NULL));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_attr_destroy(&attr));
	printf("runs: %d\n", runs);
	return 0;
}
