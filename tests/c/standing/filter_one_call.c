// rule: a seccomp filter is of the thread that has made it and of those that it makes; others are not asked
// source: seccomp(2)
// timeout: 60
#include "filter.h"

static struct signal_pipe ready, go;

static void *refuses(void *arg)
{
	int fd = lock_open();
	CHECK(getppid_works());
	CHECK_EQ(filter_set(no_getppid, sizeof no_getppid / sizeof *no_getppid, arg != NULL), 0);
	for (int i = 0; i < 8; i++) {
		CHECK(!getppid_works());
		wander(fd, 5);
	}
	join(start(is_refused, 0));
	CHECK_EQ(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
	pipe_tell(&ready);
	pipe_await(&go);
	CHECK(!getppid_works());
	close(fd);
	return arg;
}

int main(void)
{
	wander_init();
	int fd = lock_open();
	pipe_make(&ready), pipe_make(&go);
	for (int by_prctl = 0; by_prctl < 2; by_prctl++) {
		pthread_t t = start(refuses, by_prctl);
		for (int i = 0; i < 6; i++) {
			CHECK(getppid_works());
			wander(fd, 5);
		}
		pipe_await(&ready);
		CHECK(getppid_works());
		CHECK_EQ(no_new_privs(), 0);
		pipe_tell(&go);
		join(t);
	}
	CHECK_ERRNO(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL), EFAULT);
	wander_end();
	puts("filtered");
	return 0;
}
