// rule: when the first thread has ended by pthread_exit, the others keep what they have changed
// source: pthread_exit(3), prctl(2)
// timeout: 60
#include "standing.h"

static pthread_t first;
static void *has(void *arg)
{
	CHECK_EQ(no_new_privs(), (intptr_t)arg);
	return arg;
}
static void *other(void *arg)
{
	int fd = lock_open();
	CHECK_OK(pthread_join(first, NULL));
	wander(fd, 20);
	CHECK_EQ(no_new_privs(), 0);
	join(start(has, 0));
	return arg;
}
static void *changes(void *arg)
{
	pthread_t o = (pthread_t)arg;
	int fd = lock_open();
	set_no_new_privs();
	for (int i = 0; i < 6; i++) {
		CHECK_EQ(no_new_privs(), 1);
		wander(fd, 5);
	}
	join(start(has, 1));
	join(o);
	CHECK_EQ(no_new_privs(), 1);
	wander_end();
	puts("ended");
	return NULL;
}

int main(int argc, char **argv)
{
	(void)argv;
	first = pthread_self();
	wander_init();
	pthread_t o = start(other, 0);
	start(changes, (long)o);
	sleep_ms(5);
	if (argc == 1)
		CHECK_EQ(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	pthread_exit(NULL);
}
