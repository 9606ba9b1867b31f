// rule: signal(7): a SIGQUIT from outside whose handler reports (as runtimes do with kill -QUIT) runs while threads wait in the hub, in the kernel and compute, and all go on afterwards; then its default action ends the process
// exit: signal 3
#include "../waits.h"
#include <execinfo.h>
#include <sys/mman.h>
static volatile int *dumps, stop; /* the first for the child, too */
static void on(int s)
{
	void *frames[64];
	(void)s;
	int n = backtrace(frames, 64);
	if (n > 2)
		__atomic_add_fetch(dumps, 1, __ATOMIC_SEQ_CST);
	if (write(1, "dump\n", 5) != 5)
		_exit(1);
}
static void *computes(void *arg)
{
	volatile unsigned long n = 0;
	while (!stop)
		n++;
	return arg;
}
static void *sleeps(void *arg)
{
	while (!stop)
		sleep_ms(3);
	return arg;
}
static void *locks(void *arg)
{
	while (flock(w_fd[1], LOCK_EX))
		CHECK_EQ(errno, EINTR);
	return arg;
}
int main(void)
{
	struct sigaction sa = { .sa_handler = on };
	void *frames[4];
	pthread_t t[4];
	backtrace(frames, 4); /* loads libgcc_s now */
	dumps = mmap(NULL, sizeof *dumps, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(dumps != MAP_FAILED);
	CHECK_EQ(sigaction(SIGQUIT, &sa, NULL), 0);
	p_flock();
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, (void *(*[])(void *)){ computes, sleeps, sleeps, locks }[i], NULL));
	pid_t me = getpid(), child = fork();
	if (child == 0) {
		for (int i = 0; i < 3; i++) {
			sleep_ms(20);
			kill(me, SIGQUIT);
			while (*dumps <= i) /* a second one that is pending is none */
				sleep_ms(1);
		}
		_exit(0);
	}
	while (waitpid(child, NULL, 0) != child)
		CHECK_EQ(errno, EINTR);
	CHECK_EQ(*dumps, 3);
	stop = 1;
	CHECK_EQ(flock(w_fd[0], LOCK_UN), 0);
	for (int i = 0; i < 4; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	w_finish();
	fflush(stdout);
	stop = 0;
	CHECK_OK(pthread_create(&t[0], NULL, sleeps, NULL));
	CHECK(signal(SIGQUIT, SIG_DFL) == on);
	if (fork() == 0) {
		kill(me, SIGQUIT);
		_exit(0);
	}
	sleep_ms(100000);
	return 0;
}
