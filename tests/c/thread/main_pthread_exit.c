// rule: after pthread_exit() in main the process lives until its last thread ends, and then exits 0 with its atexit handlers run
// one-thread: yes
#include "../check.h"

static void at_exit(void) { printf("atexit\n"); }
static void handler(void *arg) { printf("%s\n", (char *)arg); }
static void *worker(void *arg)
{
	sleep_ms((intptr_t)arg);
	printf("worker %ld\n", (long)(intptr_t)arg);
	check_os_threads(1);
	return (void *)9;
}

int main(void)
{
	pthread_t t;
	atexit(at_exit);
	CHECK_OK(pthread_create(&t, NULL, worker, (void *)400));
	CHECK_OK(pthread_detach(t));
	CHECK_OK(pthread_create(&t, NULL, worker, (void *)200));
	pthread_cleanup_push(handler, "main's handler");
	pthread_exit((void *)5);
	pthread_cleanup_pop(0);
	return 3;
}
