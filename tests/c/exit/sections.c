// rule: exit(3): main returns, or any thread exits, while others wait in the kernel (flock, a FIFO's open, message queues, a process-shared semaphore) and in libc: the process ends at once with its status
// exit: 6
// variant: worker -DFROM_WORKER
// variant: signal -DBY_HANDLER
#include "../waits.h"
static const struct wait_call *call_of(const char *name)
{
	for (int i = 0; i < WAIT_CALLS; i++)
		if (strcmp(wait_calls[i].name, name) == 0)
			return &wait_calls[i];
	check_fail(__FILE__, __LINE__, "%s", name);
}
static void never(void *arg) { (void)arg, printf("not to be seen\n"); }
static void *waits(void *call)
{
	pthread_cleanup_push(never, NULL);
	((const struct wait_call *)call)->wait();
	pthread_cleanup_pop(0);
	return NULL;
}
static sem_t *shared;
static void *waits_for_shared(void *arg)
{
	while (sem_wait(shared))
		;
	return arg;
}
static void at_exit(void)
{
	w_queue = w_queue >= 0 ? msgctl(w_queue, IPC_RMID, NULL) : -1;
	printf("atexit\n");
}
#ifdef FROM_WORKER
static void *exits(void *arg) { (void)arg, exit(6); }
#endif
#ifdef BY_HANDLER
static void on(int s) { (void)s, at_exit(), fflush(stdout), _exit(6); }
#endif
int main(void)
{
	static const char *names[] = { "open FIFO", "msgrcv", "flock" };
	pthread_t t;
	char path[] = "shared";
	int fd = open(path, O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
	shared = sem_open("/gvt-exit-sections", O_CREAT, 0600, 0);
	CHECK(shared != SEM_FAILED);
	CHECK_EQ(sem_unlink("/gvt-exit-sections"), 0);
	atexit(at_exit);
	for (int i = 0; i < 3; i++) {
		const struct wait_call *call = call_of(names[i]);
		call->prepare();
		CHECK_OK(pthread_create(&t, NULL, waits, (void *)call));
	}
	CHECK_OK(pthread_create(&t, NULL, waits_for_shared, NULL));
	sleep_ms(30);
#if defined FROM_WORKER
	CHECK_OK(pthread_create(&t, NULL, exits, NULL));
	sleep_ms(100000);
#elif defined BY_HANDLER
	struct sigaction sa = { .sa_handler = on };
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	kill(getpid(), SIGUSR1);
	sleep_ms(100000);
#endif
	return 6;
}
