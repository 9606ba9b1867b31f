// rule: mutex attributes have their defaults, keep what is set, and refuse bad values with EINVAL
#include "../check.h"
#include <sched.h>

int main(void)
{
	pthread_mutexattr_t a;
	pthread_mutex_t m;
	int v;
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_gettype(&a, &v));
	CHECK_EQ(v, PTHREAD_MUTEX_DEFAULT);
	CHECK_OK(pthread_mutexattr_getpshared(&a, &v));
	CHECK_EQ(v, PTHREAD_PROCESS_PRIVATE);
	CHECK_OK(pthread_mutexattr_getprotocol(&a, &v));
	CHECK_EQ(v, PTHREAD_PRIO_NONE);
	CHECK_OK(pthread_mutexattr_getrobust(&a, &v));
	CHECK_EQ(v, PTHREAD_MUTEX_STALLED);

	CHECK_RC(pthread_mutexattr_settype(&a, 99), EINVAL);
	CHECK_RC(pthread_mutexattr_setpshared(&a, 99), EINVAL);
	CHECK_RC(pthread_mutexattr_setprotocol(&a, 99), EINVAL);
	CHECK_RC(pthread_mutexattr_setrobust(&a, 99), EINVAL);
	CHECK_RC(pthread_mutexattr_setprioceiling(&a, 1000), EINVAL);

	CHECK_OK(pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK));
	CHECK_OK(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT));
	CHECK_OK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST));
	CHECK_OK(pthread_mutexattr_gettype(&a, &v));
	CHECK_EQ(v, PTHREAD_MUTEX_ERRORCHECK);
	CHECK_OK(pthread_mutexattr_getpshared(&a, &v));
	CHECK_EQ(v, PTHREAD_PROCESS_SHARED);
	CHECK_OK(pthread_mutexattr_getprotocol(&a, &v));
	CHECK_EQ(v, PTHREAD_PRIO_INHERIT);
	CHECK_OK(pthread_mutexattr_getrobust(&a, &v));
	CHECK_EQ(v, PTHREAD_MUTEX_ROBUST);
	CHECK_OK(pthread_mutexattr_destroy(&a));

	/* A priority ceiling. */
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_PROTECT));
	CHECK_OK(pthread_mutexattr_setprioceiling(&a, 10));
	CHECK_OK(pthread_mutexattr_getprioceiling(&a, &v));
	CHECK_EQ(v, 10);
	CHECK_OK(pthread_mutex_init(&m, &a));
	CHECK_OK(pthread_mutex_getprioceiling(&m, &v));
	CHECK_EQ(v, 10);
	CHECK_OK(pthread_mutex_destroy(&m));
	CHECK_OK(pthread_mutexattr_destroy(&a));
	CHECK_OK(pthread_mutex_init(&m, NULL));
	CHECK_RC(pthread_mutex_getprioceiling(&m, &v), EINVAL);
	printf("mutex attributes\n");
	return 0;
}
