// rule: fork(2) copies the calling thread only: from a thread that computes, and beside such; the child makes threads of its own
#include "hog.h"

static void *sleeps(void *arg)
{
	sleep_ms(5);
	return arg;
}

static void child(void)
{
	pthread_t h = start(hog, 0), s = start(sleeps, 7);
	CHECK_EQ((intptr_t)join(s), 7);
	atomic_store(&hog_stop, 1);
	join(h);
	_exit(33);
}

static void forks(void)
{
	int status;
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0)
		child();
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), 33);
}

static void *computes_and_forks(void *arg)
{
	for (int i = 0; i < 4; i++) {
		compute_ms(15);
		forks();
	}
	return arg;
}

int main(void)
{
	pthread_t h[6], f[3];
	hog_init();
	for (int i = 0; i < 6; i++)
		h[i] = start(hog, i);
	for (int i = 0; i < 3; i++)
		f[i] = start(computes_and_forks, i);
	forks();
	for (int i = 0; i < 3; i++)
		join(f[i]);
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < 6; i++)
		join(h[i]);
	puts("forked");
	return 0;
}
