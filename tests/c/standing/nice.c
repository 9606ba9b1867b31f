// rule: on Linux the nice value is of a thread: nice(3) and setpriority(2) with 0 or a thread's id change that one, and new threads have their creator's
// source: setpriority(2), nice(3)
// timeout: 60
#include "standing.h"

static int base;
static struct signal_pipe ready, go, done;
static atomic_int id;

static void *has(void *arg)
{
	CHECK_EQ(nice_value(), (intptr_t)arg);
	int fd = lock_open();
	wander(fd, 10);
	CHECK_EQ(nice_value(), (intptr_t)arg);
	close(fd);
	return NULL;
}

static void *gets_nicer(void *arg)
{
	int fd = lock_open();
	wander(fd, 5);
	CHECK_EQ(nice_value(), base);
	CHECK_EQ(setpriority(PRIO_PROCESS, 0, base + 2), 0);
	CHECK_EQ(nice_value(), base + 2);
	wander(fd, 10);
	errno = 77;
	CHECK_EQ(nice(1), base + 3);
	CHECK_EQ(errno, 77);
	wander(fd, 10);
	CHECK_EQ(nice_value(), base + 3);
	CHECK_EQ(setpriority(PRIO_PROCESS, gettid(), base + 4), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, gettid()), base + 4);
	CHECK_EQ(syscall(SYS_getpriority, PRIO_PROCESS, 0), 20 - (base + 4));
	CHECK_EQ(syscall(SYS_setpriority, PRIO_PROCESS, gettid(), base + 5), 0);
	CHECK_EQ(syscall(SYS_getpriority, PRIO_PROCESS, gettid()), 20 - (base + 5));
	wander(fd, 10);
	join(start(has, base + 5));
	id = gettid();
	pipe_tell(&ready);
	pipe_await(&go);
	CHECK_EQ(nice_value(), base + 5);
	close(fd);
	return arg;
}

static void *is_made_nicer(void *arg)
{
	id = gettid();
	pipe_tell(&ready);
	pipe_await(&go);
	int given = (int)(intptr_t)arg;
	CHECK_EQ(nice_value(), given);
	CHECK_EQ(getpriority(PRIO_PROCESS, gettid()), given);
	CHECK_EQ(nice(1), given + 1);
	int fd = lock_open();
	wander(fd, 10);
	CHECK_EQ(nice_value(), given + 1);
	close(fd);
	pipe_tell(&done);
	pipe_await(&go);
	return arg;
}

int main(void)
{
	base = nice_value();
	if (base > 10) { /* no room */
		puts("nice");
		return 0;
	}
	wander_init();
	int fd = lock_open();
	pipe_make(&ready), pipe_make(&go), pipe_make(&done);
	pthread_t t = start(gets_nicer, 0);
	wander(fd, 30);
	CHECK_EQ(nice_value(), base);
	pipe_await(&ready);
	CHECK_EQ(getpriority(PRIO_PROCESS, id), base + 5);
	CHECK_EQ(getpriority(PRIO_PROCESS, getpid()), base);
	join(start(has, base));
	pipe_tell(&go);
	join(t);

	t = start(is_made_nicer, base + 1);
	pipe_await(&ready);
	CHECK_EQ(getpriority(PRIO_PROCESS, id), base);
	CHECK_EQ(setpriority(PRIO_PROCESS, id, base + 1), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, id), base + 1);
	CHECK_EQ(nice_value(), base);
	pipe_tell(&go);
	pipe_await(&done);
	CHECK_EQ(getpriority(PRIO_PROCESS, id), base + 2);
	pipe_tell(&go);
	join(t);

	/* An id that no thread has. */
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	CHECK_ERRNO(getpriority(PRIO_PROCESS, child), ESRCH);
	CHECK_ERRNO(setpriority(PRIO_PROCESS, child, base + 1), ESRCH);
	CHECK_ERRNO(setpriority(99, 0, base), EINVAL);

	/* All threads of the group's processes; those that were nicer are no more. */
	CHECK_EQ(setpgid(0, 0), 0);
	pid_t tid = id = 0;
	t = start(is_made_nicer, base + 1);
	pipe_await(&ready);
	tid = id;
	CHECK_EQ(setpriority(PRIO_PGRP, 0, base + 1), 0);
	CHECK_EQ(getpriority(PRIO_PROCESS, tid), base + 1);
	CHECK_EQ(nice_value(), base + 1);
	pipe_tell(&go);
	pipe_await(&done);
	pipe_tell(&go);
	join(t);
	wander_end();
	puts("nice");
	return 0;
}
