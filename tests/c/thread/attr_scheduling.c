// rule: pthread_create() with PTHREAD_EXPLICIT_SCHED or an affinity makes such a thread, or fails as the kernel would (EINVAL, EPERM); pthread_getattr_np() tells both
#include "../check.h"
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

static void *told(void *arg)
{
	pthread_attr_t attr;
	struct sched_param p;
	cpu_set_t set;
	int policy, inherit;
	(void)arg;
	CHECK_OK(pthread_getschedparam(pthread_self(), &policy, &p));
	printf("  runs with %d %d\n", policy, p.sched_priority);
	CHECK_OK(pthread_getattr_np(pthread_self(), &attr));
	CHECK_OK(pthread_attr_getinheritsched(&attr, &inherit));
	CHECK_OK(pthread_attr_getschedpolicy(&attr, &policy));
	CHECK_OK(pthread_attr_getschedparam(&attr, &p));
	printf("  attributes %d %d, explicit %d\n", policy, p.sched_priority, inherit == PTHREAD_EXPLICIT_SCHED);
	CHECK_OK(pthread_attr_getaffinity_np(&attr, sizeof set, &set));
	printf("  %d processors by attributes", CPU_COUNT(&set));
	CHECK_OK(pthread_getaffinity_np(pthread_self(), sizeof set, &set));
	printf(", %d in fact\n", CPU_COUNT(&set));
	CHECK_OK(pthread_attr_destroy(&attr));
	return NULL;
}

static void *asks_for_itself(void *arg)
{
	printf("fifo afterwards: %d\n", pthread_setschedparam(pthread_self(), SCHED_FIFO, arg));
	return told(NULL);
}

static void try(int first, int policy, int priority, const cpu_set_t *set)
{
	pthread_attr_t attr;
	struct sched_param p = { .sched_priority = priority };
	pthread_t t;
	CHECK_OK(pthread_attr_init(&attr));
	if (first >= 0) {
		/* The attributes check a priority by the policy that they have then. */
		CHECK_OK(pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED));
		CHECK_OK(pthread_attr_setschedpolicy(&attr, first));
		CHECK_OK(pthread_attr_setschedparam(&attr, &p));
		CHECK_OK(pthread_attr_setschedpolicy(&attr, policy));
	}
	if (set)
		CHECK_OK(pthread_attr_setaffinity_np(&attr, sizeof *set, set));
	int made = pthread_create(&t, &attr, told, NULL);
	if (!made)
		CHECK_OK(pthread_join(t, NULL));
	printf("policy %d priority %d set %d: %d\n", policy, priority, set ? CPU_COUNT(set) : -1, made);
	CHECK_OK(pthread_attr_destroy(&attr));
}

static void all(void)
{
	cpu_set_t mine, one, none;
	CHECK_OK(sched_getaffinity(0, sizeof mine, &mine));
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
		if (CPU_ISSET(i, &mine))
			CPU_SET(i, &one);
	CPU_ZERO(&none);
	CPU_SET(CPU_SETSIZE - 1, &none);
	try(-1, 0, 0, NULL);
	try(SCHED_OTHER, SCHED_OTHER, 0, NULL);
	try(SCHED_FIFO, SCHED_FIFO, 1, NULL);
	try(SCHED_RR, SCHED_RR, 3, &one);
	try(SCHED_FIFO, SCHED_OTHER, 1, NULL);
	try(SCHED_OTHER, SCHED_FIFO, 0, NULL);
	try(-1, 0, 0, &one);
	try(-1, 0, 0, &mine);
	try(-1, 0, 0, &none);
	/* A thread's own request is judged likewise. */
	struct sched_param p = { .sched_priority = 1 };
	pthread_t t;
	CHECK_OK(pthread_create(&t, NULL, asks_for_itself, &p));
	CHECK_OK(pthread_join(t, NULL));
}

int main(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[2] = { 0 };
	setvbuf(stdout, NULL, _IONBF, 0);
	all();
	/* Without CAP_SYS_NICE (and the limit that allows it as well). */
	struct rlimit none = { 0, 0 };
	CHECK_OK(setrlimit(RLIMIT_RTPRIO, &none));
	CHECK_OK(syscall(SYS_capget, &header, sets));
	sets[0].effective &= ~(1u << CAP_SYS_NICE);
	CHECK_OK(syscall(SYS_capset, &header, sets));
	all();
	return 0;
}
