// rule: _exit() in a thread ends the whole process at once, without atexit handlers
// exit: 6
#include "../check.h"

static void at_exit(void) { printf("not to be seen\n"); }
static void *worker(void *arg)
{
	(void)arg;
	printf("worker\n");
	fflush(stdout);
	_exit(6);
}

int main(void)
{
	pthread_t t;
	atexit(at_exit);
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	sleep(100);
	return 1;
}
