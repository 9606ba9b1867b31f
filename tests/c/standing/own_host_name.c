// rule: a namespace that a thread enters by unshare(2) or setns(2) is its own and of those that it makes
// source: unshare(2), setns(2), uts_namespaces(7)
// timeout: 60
#include "standing.h"
#include <sys/utsname.h>

static char name[65];
static int first;
static struct signal_pipe ready, go;

static void is_host(const char *wanted)
{
	struct utsname u;
	CHECK_EQ(uname(&u), 0);
	CHECK_STR(u.nodename, wanted);
}
static void *is_named(void *arg)
{
	is_host("of.a.thread");
	return arg;
}
static void *has_own(void *arg)
{
	int fd = lock_open();
	if (unshare(CLONE_NEWUTS) != 0) {
		CHECK_EQ(errno, EPERM); /* not allowed here: nothing to see */
		pipe_tell(&ready);
		return arg;
	}
	CHECK_EQ(sethostname("of.a.thread", 11), 0);
	for (int i = 0; i < 6; i++) {
		is_host("of.a.thread");
		wander(fd, 5);
	}
	join(start(is_named, 0));
	pipe_tell(&ready);
	pipe_await(&go);
	is_host("of.a.thread");
	CHECK_EQ(setns(first, CLONE_NEWUTS), 0);
	wander(fd, 5);
	is_host(name);
	close(fd);
	return arg;
}

int main(void)
{
	CHECK_EQ(gethostname(name, sizeof name), 0);
	CHECK((first = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC)) >= 0);
	wander_init();
	int fd = lock_open();
	pipe_make(&ready), pipe_make(&go);
	pthread_t t = start(has_own, 0);
	for (int i = 0; i < 6; i++) {
		is_host(name);
		wander(fd, 5);
	}
	pipe_await(&ready);
	is_host(name);
	pipe_tell(&go);
	join(t);
	is_host(name);
	CHECK_ERRNO(setns(-1, 0), EBADF);
	wander_end();
	puts("names");
	return 0;
}
