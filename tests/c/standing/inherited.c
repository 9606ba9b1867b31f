// rule: each thread has the personality that it has set, or that of the thread that made it, whatever it does in between: waits, sections, computing, locks, children, further changes
// source: personality(2), clone(2)
// timeout: 90
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "../check.h"

enum { THREADS = 6, KIDS = 3, STEPS = 60 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;
static int pipes[2];
static char path[] = "standingXXXXXX";

// Bits that mean nothing to the kernel.
static long of(int n) { return (long)n << 8; }

static void set(int n) { CHECK(syscall(SYS_personality, of(n)) != -1); }

static long get(void) { return syscall(SYS_personality, 0xffffffffL); }

static void compute(int milliseconds) {
	struct timespec begin, now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < milliseconds);
}

static void spin(int milliseconds) {
	// No call at all in between.
	struct timespec begin, now;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		for (volatile int i = 0; i < 1000000; i++)
			;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < milliseconds);
}

static void section(void) {
	int fd = open(path, O_RDWR);
	CHECK(fd >= 0);
	CHECK(flock(fd, LOCK_EX) == 0);
	usleep(200);
	CHECK(flock(fd, LOCK_UN) == 0);
	close(fd);
}

static void step(unsigned *seed, int who) {
	char byte = 1;
	switch (rand_r(seed) % 9) {
	case 0: sched_yield(); break;
	case 1: usleep(rand_r(seed) % 2000); break;
	case 2: section(); break;
	case 3: compute(rand_r(seed) % 4); break;
	case 4: if (who % 3 == 0) spin(15); break;
	case 5:
		CHECK(write(pipes[1], &byte, 1) == 1);
		CHECK(read(pipes[0], &byte, 1) == 1);
		break;
	case 6: {
		pthread_mutex_lock(&mutex);
		turn++;
		pthread_cond_broadcast(&changed);
		struct timespec at;
		clock_gettime(CLOCK_REALTIME, &at);
		at.tv_nsec += 1000000;
		if (at.tv_nsec >= 1000000000) at.tv_sec++, at.tv_nsec -= 1000000000;
		pthread_cond_timedwait(&changed, &mutex, &at);
		pthread_mutex_unlock(&mutex);
		break;
	}
	case 7:
		pthread_mutex_lock(&mutex);
		usleep(100);
		pthread_mutex_unlock(&mutex);
		break;
	case 8:
		if (rand_r(seed) % 8 == 0) {
			long mine = get();
			pid_t pid = fork();
			CHECK(pid >= 0);
			if (pid == 0)
				_exit(get() == mine ? 7 : 8);
			int status;
			CHECK(waitpid(pid, &status, 0) == pid);
			CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
		}
	}
}

static void steps(int who, int value, unsigned seed) {
	for (int i = 0; i < STEPS; i++) {
		step(&seed, who);
		CHECK(get() == of(value));
	}
}

static void *kid(void *arg) {
	int value = (int)(intptr_t)arg;
	CHECK(get() == of(value));
	steps(value, value, value * 77);
	return NULL;
}

static void *thread(void *arg) {
	int who = (int)(intptr_t)arg;
	unsigned seed = who + 1;
	CHECK(get() == of(1));
	steps(who, 1, seed);
	set(10 + who);
	steps(who, 10 + who, seed);
	pthread_t kids[KIDS];
	for (int i = 0; i < KIDS; i++)
		CHECK(pthread_create(&kids[i], NULL, kid, (void *)(intptr_t)(10 + who)) == 0);
	steps(who, 10 + who, seed);
	set(100 + who);
	steps(who, 100 + who, seed);
	for (int i = 0; i < KIDS; i++)
		CHECK(pthread_join(kids[i], NULL) == 0);
	CHECK(get() == of(100 + who));
	return NULL;
}

int main(void) {
	int fd = mkstemp(path);
	CHECK(fd >= 0);
	close(fd);
	CHECK(pipe(pipes) == 0);
	set(1);
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, thread, (void *)(intptr_t)i) == 0);
	steps(1, 1, 99);
	set(2);
	pthread_t kids[KIDS];
	for (int i = 0; i < KIDS; i++)
		CHECK(pthread_create(&kids[i], NULL, kid, (void *)(intptr_t)2) == 0);
	steps(1, 2, 98);
	for (int i = 0; i < KIDS; i++)
		CHECK(pthread_join(kids[i], NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_join(threads[i], NULL) == 0);
	CHECK(get() == of(2));
	unlink(path);
	puts("each had its own");
	return 0;
}
