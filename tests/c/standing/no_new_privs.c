// rule: PR_SET_NO_NEW_PRIVS is of the calling thread: it keeps it, those that it makes have it, others have it not
// source: prctl(2)
// timeout: 60
#include "standing.h"

static struct signal_pipe go, done, helper_go;

static void *has_it(void *arg)
{
	CHECK_EQ(no_new_privs(), (intptr_t)arg);
	int fd = lock_open();
	wander(fd, 10);
	CHECK_EQ(no_new_privs(), (intptr_t)arg);
	close(fd);
	return NULL;
}

static void *sets_it(void *arg)
{
	int fd = lock_open();
	wander(fd, 5);
	CHECK_EQ(no_new_privs(), 0);
	set_no_new_privs();
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(no_new_privs(), 1);
		wander(fd, 5);
	}
	join(start(has_it, 1));
	pipe_tell(&done);
	pipe_await(&go);
	CHECK_EQ(no_new_privs(), 1);
	close(fd);
	return arg;
}

static void *helper(void *arg)
{
	int fd = lock_open();
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(no_new_privs(), 0);
		wander(fd, 5);
	}
	pipe_await(&helper_go);
	CHECK_EQ(no_new_privs(), 0);
	join(start(has_it, 0));
	close(fd);
	return arg;
}

int main(void)
{
	wander_init();
	int fd = lock_open();
	pipe_make(&go), pipe_make(&done), pipe_make(&helper_go);
	pthread_t h = start(helper, 0), t = start(sets_it, 0);
	for (int i = 0; i < 5; i++) {
		CHECK_EQ(no_new_privs(), 0);
		wander(fd, 10);
	}
	pipe_await(&done);
	CHECK_EQ(no_new_privs(), 0);
	CHECK_EQ(status_number("NoNewPrivs:"), 0);
	join(start(has_it, 0));
	pipe_tell(&go);
	join(t);
	/* The first thread, when there is a helper. */
	set_no_new_privs();
	wander(fd, 20);
	CHECK_EQ(no_new_privs(), 1);
	CHECK_EQ(status_number("NoNewPrivs:"), 1);
	join(start(has_it, 1));
	pipe_tell(&helper_go);
	join(h);
	wander(fd, 10);
	CHECK_EQ(no_new_privs(), 1);
	wander_end();
	puts("kept");
	return 0;
}
