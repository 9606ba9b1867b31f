// rule: a thread's timer slack is its own; a new thread has its creator's, and 0 goes back to that
// source: prctl(2)
// timeout: 60
#include "standing.h"

static struct signal_pipe ready, go;
static int slack(void) { return prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0); }
static void set(long n) { CHECK_EQ(prctl(PR_SET_TIMERSLACK, n, 0, 0, 0), 0); }

static void *inherits(void *arg)
{
	CHECK_EQ(slack(), (intptr_t)arg);
	set(123);
	CHECK_EQ(slack(), 123);
	set(0);
	CHECK_EQ(slack(), (intptr_t)arg);
	return NULL;
}
static void *sets(void *arg)
{
	int fd = lock_open();
	CHECK_EQ(slack(), 70000);
	set(90000);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(slack(), 90000);
		wander(fd, 5);
	}
	join(start(inherits, 90000));
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		CHECK_EQ(slack(), 90000);
		set(5);
		set(0);
		CHECK_EQ(slack(), 90000);
		_exit(3);
	}
	int status;
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(WEXITSTATUS(status), 3);
	pipe_tell(&ready);
	pipe_await(&go);
	CHECK_EQ(slack(), 90000);
	set(0);
	CHECK_EQ(slack(), 70000);
	close(fd);
	return arg;
}

int main(void)
{
	int first = slack();
	set(70000);
	wander_init();
	int fd = lock_open();
	pipe_make(&ready), pipe_make(&go);
	pthread_t t = start(sets, 0);
	wander(fd, 20);
	CHECK_EQ(slack(), 70000);
	pipe_await(&ready);
	CHECK_EQ(slack(), 70000);
	set(0);
	CHECK_EQ(slack(), first);
	join(start(inherits, first));
	pipe_tell(&go);
	join(t);
	CHECK_EQ(syscall(SYS_prctl, PR_SET_TIMERSLACK, 99, 0, 0, 0), 0);
	CHECK_EQ(syscall(SYS_prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0), 99);
	wander_end();
	puts("slack");
	return 0;
}
