// rule: set_tid_address() returns the calling thread's id; with the address that the kernel has already it changes nothing
// source: set_tid_address(2), PR_GET_TID_ADDRESS(2const)
#include "../check.h"
#include <sys/prctl.h>

static void check(void)
{
	int *at = NULL;
	if (prctl(PR_GET_TID_ADDRESS, &at) < 0) {
		/* A kernel without CONFIG_CHECKPOINT_RESTORE does not tell. */
		CHECK_EQ(errno, EINVAL);
		return;
	}
	CHECK_EQ(syscall(SYS_set_tid_address, at), gettid());
}

static void *worker(void *unused)
{
	check();
	sched_yield();
	check();
	return unused;
}

int main(void)
{
	pthread_t t[8];
	check();
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 8; i++)
			CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
		check();
		for (int i = 0; i < 8; i++)
			CHECK_OK(pthread_join(t[i], NULL));
	}
	check();
	puts("the threads' ids");
	return 0;
}
