// rule: SECCOMP_FILTER_FLAG_TSYNC gives the filter to all threads of the process, and those that they make have it
// source: seccomp(2)
// timeout: 60
#include "filter.h"

static struct signal_pipe go;

static void *gets_it(void *arg)
{
	int fd = lock_open();
	if (arg) /* who has something else of its own as well */
		set_no_new_privs();
	wander(fd, 5);
	CHECK(getppid_works());
	pipe_await(&go);
	CHECK(!getppid_works());
	wander(fd, 10);
	CHECK(!getppid_works());
	join(start(is_refused, 0));
	close(fd);
	return arg;
}
/* Has one that the others have not, and ends. */
static void *has_own(void *arg)
{
	struct sock_filter f[] = { ANSWER(SECCOMP_RET_ALLOW) };
	CHECK_EQ(filter_set(f, 1, 0), 0);
	sched_yield();
	return arg;
}
static void *gives_it(void *arg)
{
	struct sock_fprog program = { sizeof no_getppid / sizeof *no_getppid, no_getppid };
	set_no_new_privs();
	CHECK_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program), 0);
	return arg;
}

int main(void)
{
	wander_init();
	int fd = lock_open();
	pipe_make(&go);
	pthread_t t[4];
	for (int i = 0; i < 4; i++)
		t[i] = start(gets_it, i % 2);
	wander(fd, 20);
	CHECK(getppid_works());
	for (int i = 0; i < 5; i++)
		join(start(has_own, 0));
	join(start(gives_it, 0));
	CHECK(!getppid_works());
	for (int i = 0; i < 4; i++)
		pipe_tell(&go);
	for (int i = 0; i < 4; i++)
		join(t[i]);
	join(start(is_refused, 0));
	wander(fd, 10);
	CHECK(!getppid_works());
	wander_end();
	puts("filtered");
	return 0;
}
