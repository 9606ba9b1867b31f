// rule: flock(2), lockf(3), F_SETLKW and F_OFD_SETLKW wait for another process's lock while other threads run; a circle of two processes gives EDEADLK
// env: GEVENTRS_SLICE=5000
#include "../ipc/ticks.h"
#include <sys/file.h>

static char name[] = "/tmp/gvt-lockXXXXXX";
enum how { FLOCK, POSIX, OFD, LOCKF };

static struct flock range(int type, off_t start)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
}
static int lock(int fd, enum how how, int wait)
{
	struct flock l = range(F_WRLCK, 0);
	switch (how) {
	case FLOCK: return flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
	case POSIX: return fcntl(fd, wait ? F_SETLKW : F_SETLK, &l);
	case OFD: return fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &l);
	default: return lockf(fd, wait ? F_LOCK : F_TLOCK, 1);
	}
}
/* A process that has the lock until 300 ms after the parent has said so. */
static pid_t holder(enum how how, int go[2])
{
	char c;
	int ready[2];
	CHECK_EQ(pipe(ready), 0);
	CHECK_EQ(pipe(go), 0);
	pid_t child = fork();
	if (child == 0) {
		int fd = open(name, O_RDWR);
		CHECK_EQ(lock(fd, how, 1), 0);
		CHECK_EQ(write(ready[1], "x", 1), 1);
		CHECK_EQ(read(go[0], &c, 1), 1);
		sleep_ms(BLOCKED_MS);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	return child;
}

int main(void)
{
	int go[2], fd = mkstemp(name);
	CHECK(fd >= 0);
	ticks_start();
	for (enum how how = FLOCK; how <= LOCKF; how++) {
		pid_t child = holder(how, go);
		CHECK_ERRNO(lock(fd, how, 0), EAGAIN);
		CHECK_EQ(write(go[1], "x", 1), 1);
		TICKS_DURING(CHECK_EQ(lock(fd, how, 1), 0));
		reap(child);
		CHECK_EQ(close(fd), 0);
		fd = open(name, O_RDWR);
	}
	/* By number. */
	pid_t child = holder(FLOCK, go);
	CHECK_EQ(write(go[1], "x", 1), 1);
	TICKS_DURING(CHECK_EQ(syscall(SYS_flock, fd, LOCK_SH), 0));
	reap(child);

	/* Each has a byte and wants the other's: the second to ask is refused. */
	int ready[2];
	char c;
	CHECK_EQ(pipe(ready), 0);
	struct flock mine = range(F_WRLCK, 0), others = range(F_WRLCK, 1), free = range(F_UNLCK, 0);
	CHECK_EQ(fcntl(fd, F_SETLK, &mine), 0);
	child = fork();
	if (child == 0) {
		CHECK_EQ(fcntl(fd, F_SETLK, &others), 0);
		CHECK_EQ(write(ready[1], "x", 1), 1);
		CHECK_EQ(fcntl(fd, F_SETLKW, &mine), 0);
		_exit(0);
	}
	CHECK_EQ(read(ready[0], &c, 1), 1);
	sleep_ms(100);
	CHECK_ERRNO(fcntl(fd, F_SETLKW, &others), EDEADLK);
	CHECK_EQ(fcntl(fd, F_SETLK, &free), 0);
	reap(child);

	CHECK_ERRNO(flock(99, LOCK_EX), EBADF);
	CHECK_ERRNO(flock(fd, 0), EINVAL);
	CHECK_ERRNO(lockf(99, F_LOCK, 0), EBADF);
	CHECK_ERRNO(lockf(fd, 77, 0), EINVAL);
	CHECK_ERRNO(fcntl(fd, F_SETLKW, NULL), EFAULT);
	ticks_end();
	CHECK_EQ(unlink(name), 0);
	printf("locks\n");
	return 0;
}
