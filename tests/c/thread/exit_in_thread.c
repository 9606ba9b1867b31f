// rule: exit() in any thread ends the process, with the atexit handlers run and stdio flushed
// exit: 9
#include "../check.h"

static void at_exit(void) { printf("atexit in a thread: %s", gettid() != getpid() || preloaded() ? "yes" : "no"); }
static void *worker(void *arg)
{
	(void)arg;
	sleep_ms(50);
	exit(9);
}

int main(void)
{
	pthread_t t;
	atexit(at_exit);
	CHECK_OK(pthread_create(&t, NULL, worker, NULL));
	pthread_join(t, NULL);
	return 1;
}
