/* What the kernel keeps for each thread: helpers of the tests in which threads change it and
 * go on elsewhere. */
#ifndef STANDING_H
#define STANDING_H
#include "../handoff/hog.h"
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* A thread that has a lock on a file now and then, so that others wait for it. */
static atomic_int lock_stop;
static pthread_t lock_thread;
static UNUSED int lock_open(void)
{
	int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	CHECK(fd >= 0);
	return fd;
}
static void *locks(void *arg)
{
	int fd = (int)(intptr_t)arg;
	while (!lock_stop) {
		CHECK_EQ(flock(fd, LOCK_EX), 0);
		sleep_ms(2);
		CHECK_EQ(flock(fd, LOCK_UN), 0);
		sleep_ms(1);
	}
	close(fd);
	return NULL;
}
/* Once, first of all. */
static UNUSED void wander_init(void)
{
	hog_init();
	umask(0);
	lock_thread = start(locks, lock_open());
}
static UNUSED void wander_end(void)
{
	lock_stop = 1;
	join(lock_thread);
}

/* Do what makes a thread go on on another processor or OS thread. `fd` is of lock_open(). */
static UNUSED void wander(int fd, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		CHECK_EQ(flock(fd, LOCK_EX), 0);
		CHECK_EQ(flock(fd, LOCK_UN), 0);
		if (i % 4 == 3)
			sched_yield();
		if (i % 8 == 5)
			sleep_ms(1);
		if (i % 16 == 9)
			compute_ms(35); /* more than three slices */
	}
}

/* One byte from one thread to another. */
struct signal_pipe { int fd[2]; };
static UNUSED void pipe_make(struct signal_pipe *p) { CHECK_EQ(pipe(p->fd), 0); }
static UNUSED void pipe_tell(struct signal_pipe *p) { CHECK_EQ(write(p->fd[1], "x", 1), 1); }
static UNUSED void pipe_await(struct signal_pipe *p)
{
	char c;
	ssize_t n;
	while ((n = read(p->fd[0], &c, 1)) == -1 && errno == EINTR)
		;
	CHECK_EQ(n, 1);
}

static UNUSED int no_new_privs(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }
static UNUSED void set_no_new_privs(void) { CHECK_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0); }
static UNUSED int nice_value(void)
{
	errno = 0;
	int n = getpriority(PRIO_PROCESS, 0);
	CHECK_EQ(errno, 0);
	return n;
}

/* A number of /proc/self/status, which is the first thread's. */
static UNUSED long status_number(const char *field)
{
	char line[256];
	long value = -1;
	FILE *f = fopen("/proc/self/status", "re");
	CHECK(f != NULL);
	while (fgets(line, sizeof line, f))
		if (strncmp(line, field, strlen(field)) == 0)
			value = strtol(line + strlen(field) + 1, NULL, 10);
	fclose(f);
	return value;
}

static UNUSED int may_all(void) { return geteuid() == 0; }
#endif
