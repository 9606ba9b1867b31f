// rule: signal(7): a blocked read goes on after an SA_RESTART handler and fails with EINTR without, and signal(3) means SA_RESTART
#include "sig.h"
static volatile int count;
static int fds[2];
static void on(int s) { (void)s; count++; }
static void *kick(void *arg)
{
	sleep_ms(60); /* natively a busy machine has not begun to read before */
	CHECK_OK(pthread_kill(*(pthread_t *)arg, SIGUSR1));
	sleep_ms(60);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	return NULL;
}
static void *reads(void *arg)
{
	char c;
	pthread_t me = pthread_self();
	pthread_t k = start(kick, &me);
	ssize_t n = read(fds[0], &c, 1);
	int e = errno;
	if (arg) {
		CHECK_EQ(n, -1);
		CHECK_EQ(e, EINTR);
		CHECK_EQ(read(fds[0], &c, 1), 1);
	} else {
		CHECK_EQ(n, 1);
	}
	end(k);
	return NULL;
}
static void both(int interrupts)
{
	void *arg = interrupts ? &fds : NULL;
	count = 0;
	end(start(reads, arg));
	reads(arg);
	CHECK_EQ(count, 2);
}
int main(void)
{
	CHECK_EQ(pipe(fds), 0);
	handle(SIGUSR1, on, SA_RESTART);
	both(0);
	handle(SIGUSR1, on, 0);
	both(1);
	signal(SIGUSR1, on);
	both(0);
	CHECK_EQ(siginterrupt(SIGUSR1, 1), 0);
	both(1);
	CHECK_EQ(siginterrupt(SIGUSR1, 0), 0);
	both(0);
	puts("ok");
	return 0;
}
