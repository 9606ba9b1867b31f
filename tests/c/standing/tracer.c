// rule: a thread that has attached to a process goes on being its tracer wherever it goes on, and no other thread is
// source: ptrace(2)
// timeout: 60
#include "standing.h"
#include <sys/ptrace.h>

static volatile long cell = 5;
static struct signal_pipe ready, go;
static pid_t child;

static void *traces(void *arg)
{
	int status, fd = lock_open();
	if (ptrace(PTRACE_ATTACH, child, NULL, NULL) != 0) {
		CHECK_EQ(errno, EPERM); /* not allowed here: nothing to see */
		pipe_tell(&ready);
		return arg;
	}
	CHECK_EQ(waitpid(child, &status, __WALL), child);
	CHECK(WIFSTOPPED(status));
	for (int i = 1; i < 6; i++) {
		wander(fd, 5);
		CHECK_EQ(ptrace(PTRACE_POKEDATA, child, (void *)&cell, (void *)(long)(100 * i)), 0);
		wander(fd, 5);
		errno = 0;
		CHECK_EQ(ptrace(PTRACE_PEEKDATA, child, (void *)&cell, NULL), 100 * i);
		CHECK_EQ(errno, 0);
	}
	pipe_tell(&ready);
	pipe_await(&go);
	CHECK_EQ(ptrace(PTRACE_DETACH, child, NULL, NULL), 0);
	close(fd);
	return NULL;
}

int main(void)
{
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		struct timespec second = { 1, 0 };
		for (int i = 0; i < 120 && cell != 500; i++)
			nanosleep(&second, NULL);
		_exit(cell == 500 ? 3 : 4);
	}
	wander_init();
	int fd = lock_open(), status;
	pipe_make(&ready), pipe_make(&go);
	pthread_t t = start(traces, 1);
	wander(fd, 20);
	pipe_await(&ready);
	CHECK_ERRNO(ptrace(PTRACE_PEEKDATA, child, (void *)&cell, NULL), ESRCH);
	pipe_tell(&go);
	if (join(t) != NULL)
		kill(child, SIGKILL);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(status == SIGKILL || status == 3 << 8);
	wander_end();
	puts("traced");
	return 0;
}
