// rule: thread attributes have their documented defaults, keep what is set, and refuse bad values with EINVAL
#include "../check.h"
#include <limits.h>
#include <sched.h>

int main(void)
{
	pthread_attr_t a;
	int v;
	size_t n;
	struct sched_param p;
	CHECK_OK(pthread_attr_init(&a));
	CHECK_OK(pthread_attr_getdetachstate(&a, &v));
	CHECK_EQ(v, PTHREAD_CREATE_JOINABLE);
	CHECK_OK(pthread_attr_getscope(&a, &v));
	CHECK_EQ(v, PTHREAD_SCOPE_SYSTEM);
	CHECK_OK(pthread_attr_getinheritsched(&a, &v));
	CHECK_EQ(v, PTHREAD_INHERIT_SCHED);
	CHECK_OK(pthread_attr_getschedpolicy(&a, &v));
	CHECK_EQ(v, SCHED_OTHER);
	CHECK_OK(pthread_attr_getschedparam(&a, &p));
	CHECK_EQ(p.sched_priority, 0);
	CHECK_OK(pthread_attr_getguardsize(&a, &n));
	CHECK_EQ(n, sysconf(_SC_PAGESIZE));
	CHECK_OK(pthread_attr_getstacksize(&a, &n));
	CHECK(n >= (size_t)PTHREAD_STACK_MIN);

	CHECK_OK(pthread_attr_setdetachstate(&a, PTHREAD_CREATE_DETACHED));
	CHECK_OK(pthread_attr_getdetachstate(&a, &v));
	CHECK_EQ(v, PTHREAD_CREATE_DETACHED);
	CHECK_RC(pthread_attr_setdetachstate(&a, 99), EINVAL);
	CHECK_OK(pthread_attr_setstacksize(&a, 1 << 20));
	CHECK_OK(pthread_attr_getstacksize(&a, &n));
	CHECK_EQ(n, 1 << 20);
	CHECK_RC(pthread_attr_setstacksize(&a, PTHREAD_STACK_MIN - 1), EINVAL);
	CHECK_OK(pthread_attr_setguardsize(&a, 12345));
	CHECK_OK(pthread_attr_getguardsize(&a, &n));
	CHECK_EQ(n, 12345);
	CHECK_OK(pthread_attr_setscope(&a, PTHREAD_SCOPE_SYSTEM));
	CHECK_RC(pthread_attr_setscope(&a, PTHREAD_SCOPE_PROCESS), ENOTSUP);
	CHECK_RC(pthread_attr_setscope(&a, 99), EINVAL);
	CHECK_OK(pthread_attr_setinheritsched(&a, PTHREAD_EXPLICIT_SCHED));
	CHECK_RC(pthread_attr_setinheritsched(&a, 99), EINVAL);
	CHECK_RC(pthread_attr_setschedpolicy(&a, 99), EINVAL);
	p.sched_priority = 50;
	CHECK_RC(pthread_attr_setschedparam(&a, &p), EINVAL);
	CHECK_OK(pthread_attr_destroy(&a));

	/* The defaults for threads made without attributes. */
	CHECK_OK(pthread_getattr_default_np(&a));
	CHECK_OK(pthread_attr_setstacksize(&a, 2 << 20));
	CHECK_OK(pthread_setattr_default_np(&a));
	pthread_attr_t b;
	CHECK_OK(pthread_attr_init(&b));
	CHECK_OK(pthread_attr_getstacksize(&b, &n));
	CHECK_EQ(n, 2 << 20);
	CHECK_OK(pthread_attr_destroy(&a));
	CHECK_OK(pthread_attr_destroy(&b));
	printf("attributes\n");
	return 0;
}
