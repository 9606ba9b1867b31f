// rule: prctl(2), PR_SET_PDEATHSIG: a child lives as long as the thread that made it, also if that has computed, and waits for longer than an OS thread without work is kept
// timeout: 90
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static int alive[2], over[2];
static volatile int stop;

/* On OS threads of their own. */
static void compute(int milliseconds)
{
	struct timespec begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		for (volatile int i = 0; i < 100000; i++)
			;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < milliseconds);
}

static void *parent(void *arg)
{
	pid_t *child = arg;
	char byte;
	compute(60);
	*child = fork();
	CHECK(*child >= 0);
	if (*child == 0) {
		CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0);
		CHECK(write(alive[1], "a", 1) == 1);
		/* Until the parent closes its end. */
		close(over[1]);
		(void)!read(over[0], &byte, 1);
		_exit(7);
	}
	CHECK(read(alive[0], &byte, 1) == 1);
	sleep(12);
	return NULL;
}

static void *other(void *arg)
{
	(void)arg;
	compute(60);
	return NULL;
}

int main(void)
{
	pid_t child;
	pthread_t threads[3];
	CHECK(pipe(alive) == 0 && pipe(over) == 0);
	CHECK(pthread_create(&threads[0], NULL, parent, &child) == 0);
	for (int i = 1; i < 3; i++)
		CHECK(pthread_create(&threads[i], NULL, other, NULL) == 0);
	compute(60);
	for (int i = 2; i >= 1; i--)
		CHECK(pthread_join(threads[i], NULL) == 0);
	sleep(11);
	int status;
	CHECK(waitpid(child, &status, WNOHANG) == 0);
	close(over[1]);
	CHECK(waitpid(child, &status, 0) == child);
	printf("%s %d\n", WIFEXITED(status) ? "exited" : "killed",
	       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	CHECK(pthread_join(threads[0], NULL) == 0);
	return 0;
}
