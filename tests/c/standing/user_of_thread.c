// rule: setresuid(2), setresgid(2) and setgroups(2) by syscall(2) change the calling thread alone; libc's functions change all threads
// source: nptl(7), setresuid(2), setgroups(2)
// timeout: 60
#include "standing.h"
#include <grp.h>

static struct signal_pipe ready, go;

static int opens_secret(void)
{
	int fd = open("secret", O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		CHECK_EQ(errno, EACCES);
		return 0;
	}
	close(fd);
	return 1;
}
static void *is_user(void *arg)
{
	CHECK_EQ(geteuid(), 1234);
	CHECK_EQ(getegid(), 1235);
	CHECK(!opens_secret());
	return arg;
}
static void *becomes(void *arg)
{
	int fd = lock_open();
	gid_t group = 77, groups[8];
	CHECK(opens_secret());
	CHECK_EQ(syscall(SYS_setgroups, 1, &group), 0);
	CHECK_EQ(syscall(SYS_setresgid, 1235, 1235, 1235), 0);
	CHECK_EQ(syscall(SYS_setresuid, 1234, 1234, 1234), 0);
	for (int i = 0; i < 6; i++) {
		is_user(NULL);
		CHECK_EQ(getgroups(8, groups), 1);
		CHECK_EQ(groups[0], 77);
		wander(fd, 5);
	}
	CHECK_ERRNO(syscall(SYS_setresuid, 0, 0, 0), EPERM);
	join(start(is_user, 0));
	pipe_tell(&ready);
	pipe_await(&go);
	is_user(NULL);
	close(fd);
	return arg;
}
static void *sees_all(void *arg)
{
	pipe_await(&go);
	CHECK_EQ(geteuid(), 2000);
	return arg;
}

int main(void)
{
	if (!may_all()) { /* nobody to become */
		puts("users");
		return 0;
	}
	int secret = open("secret", O_CREAT | O_RDWR, 0600);
	CHECK(secret >= 0);
	wander_init();
	CHECK_EQ(chmod("lock", 0666), 0);
	CHECK_EQ(chmod(".", 0777), 0);
	int fd = lock_open();
	pipe_make(&ready), pipe_make(&go);
	/* All of them. */
	pthread_t t = start(sees_all, 0);
	CHECK_EQ(seteuid(2000), 0);
	pipe_tell(&go);
	join(t);
	CHECK_EQ(geteuid(), 2000);
	CHECK_EQ(seteuid(0), 0);
	/* One. */
	t = start(becomes, 0);
	for (int i = 0; i < 6; i++) {
		CHECK_EQ(geteuid(), 0);
		CHECK(opens_secret());
		wander(fd, 5);
	}
	pipe_await(&ready);
	CHECK_EQ(geteuid(), 0);
	CHECK_EQ(status_number("Uid:"), 0);
	pipe_tell(&go);
	join(t);
	/* All of them again: the thread that was another user's is no more. */
	t = start(sees_all, 0);
	CHECK_EQ(seteuid(2000), 0);
	CHECK_EQ(seteuid(0), 0);
	CHECK_EQ(setresgid(5, 2000, 6), 0);
	CHECK_EQ(setresuid(5, 2000, 0), 0);
	pipe_tell(&go);
	join(t);
	CHECK_EQ(getuid(), 5);
	CHECK_EQ(getegid(), 2000);
	wander_end();
	puts("users");
	return 0;
}
