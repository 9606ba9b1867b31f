// rule: the child of a fork has what the thread that has forked has, and so have the child's threads
// source: fork(2), prctl(2), personality(2)
// timeout: 60
#include "standing.h"
#include <sys/personality.h>

static int base, room;
enum { ADDED = ADDR_COMPAT_LAYOUT };

static void has(int own)
{
	CHECK_EQ(no_new_privs(), own);
	CHECK_EQ(nice_value(), base + (own && room));
	CHECK_EQ(!!(personality(0xffffffff) & ADDED), own);
}
static void *in_child(void *arg)
{
	int fd = lock_open();
	has((intptr_t)arg != 0);
	wander(fd, 10);
	has((intptr_t)arg != 0);
	close(fd);
	return NULL;
}
static void forks(int own)
{
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		lock_stop = 0;
		pthread_t l = start(locks, lock_open());
		has(own);
		pthread_t t[3];
		for (int i = 0; i < 3; i++)
			t[i] = start(in_child, own);
		int fd = lock_open();
		wander(fd, 10);
		has(own);
		for (int i = 0; i < 3; i++)
			join(t[i]);
		lock_stop = 1;
		join(l);
		if (!own) { /* and it can change its own */
			set_no_new_privs();
			CHECK_EQ(no_new_privs(), 1);
		}
		_exit(40 + own);
	}
	int status;
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, (40 + own) << 8);
}
static void *changes(void *arg)
{
	int fd = lock_open();
	set_no_new_privs();
	if (room)
		CHECK_EQ(nice(1), base + 1);
	CHECK(personality((unsigned long)personality(0xffffffff) | ADDED) != -1);
	wander(fd, 10);
	has(1);
	forks(1);
	has(1);
	wander(fd, 10);
	forks(1);
	has(1);
	close(fd);
	return arg;
}

int main(void)
{
	base = nice_value();
	room = base < 19;
	wander_init();
	int fd = lock_open();
	pthread_t t = start(changes, 0);
	wander(fd, 10);
	has(0);
	forks(0);
	join(t);
	has(0);
	forks(0);
	wander_end();
	puts("forked");
	return 0;
}
