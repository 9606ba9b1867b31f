// rule: pthread_exit(3), signal(7): when the first thread has ended, the process's signals go to the others: handlers, sigwait, alarm
#include "sig.h"
static volatile int count;
static void on(int s) { (void)s; count++; }
static void *takes(void *arg)
{
	sigset_t s = set_of(SIGUSR2, 0);
	int got;
	CHECK_OK(sigwait(&s, &got));
	printf("taken\n");
	return arg;
}
static void *goes_on(void *arg)
{
	sleep_ms(20);
	pthread_t t = start(takes, NULL);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	while (count < 1)
		sleep_ms(1);
	CHECK_EQ(kill(getpid(), SIGUSR2), 0);
	end(t);
	alarm(1);
	while (count < 2)
		sleep_ms(5);
	printf("handled %d\n", count);
	return arg;
}
int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	handle(SIGUSR1, on, SA_RESTART);
	handle(SIGALRM, on, SA_RESTART);
	mask(SIG_BLOCK, SIGUSR2, 0);
	start(goes_on, NULL);
	pthread_exit(NULL);
}
