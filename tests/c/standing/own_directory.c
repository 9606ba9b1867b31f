// rule: a thread that has called unshare(CLONE_FS) has a working directory and a file mode mask of its own, which those that it makes share
// source: unshare(2), clone(2)
// timeout: 60
#include "standing.h"

static char home[4096];
static struct signal_pipe ready, go;

static void is_in(const char *name, mode_t mask)
{
	char now[4096], wanted[4200];
	snprintf(wanted, sizeof wanted, "%s%s", home, name);
	CHECK(getcwd(now, sizeof now) != NULL);
	CHECK_STR(now, wanted);
	struct stat st;
	char file[40];
	snprintf(file, sizeof file, "file.%d", gettid());
	int fd = open(file, O_CREAT | O_RDWR, 0777);
	CHECK(fd >= 0);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0777 & ~mask);
	close(fd);
	CHECK_EQ(unlink(file), 0);
}
static void *is_below(void *arg)
{
	is_in("/below", 022);
	CHECK_EQ(umask(027), 022); /* its creator's, too */
	return arg;
}
static void *goes_below(void *arg)
{
	int fd = lock_open();
	is_in("", 0);
	CHECK_EQ(unshare(CLONE_FS), 0);
	is_in("", 0);
	CHECK_EQ(chdir("below"), 0);
	umask(022);
	for (int i = 0; i < 6; i++) {
		is_in("/below", 022);
		wander(fd, 5);
	}
	join(start(is_below, 0));
	is_in("/below", 027);
	pipe_tell(&ready);
	pipe_await(&go);
	is_in("/below", 027);
	close(fd);
	return arg;
}

int main(void)
{
	CHECK(getcwd(home, sizeof home) != NULL);
	CHECK_EQ(mkdir("below", 0777), 0);
	wander_init();
	int fd = lock_open();
	pipe_make(&ready), pipe_make(&go);
	pthread_t t = start(goes_below, 0);
	for (int i = 0; i < 6; i++) {
		is_in("", 0);
		wander(fd, 5);
	}
	pipe_await(&ready);
	is_in("", 0);
	CHECK_ERRNO(unshare(CLONE_VM), EINVAL); /* while there are other threads */
	pipe_tell(&go);
	join(t);
	is_in("", 0);
	wander_end();
	CHECK_EQ(unshare(CLONE_THREAD | CLONE_SIGHAND | CLONE_VM), 0);
	puts("directories");
	return 0;
}
