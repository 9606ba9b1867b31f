// rule: sigwait(3): with a signal blocked everywhere, the thread that waits for it gets it, sent to the process or to the thread
#include "sig.h"
static volatile int got[3];
static void *waiter(void *arg)
{
	sigset_t s = set_of(SIGUSR1, SIGTERM);
	sigaddset(&s, SIGUSR2);
	for (;;) {
		int signal;
		CHECK_OK(sigwait(&s, &signal));
		if (signal == SIGTERM)
			return arg;
		got[signal == SIGUSR2]++;
	}
}
static void *idle(void *arg) { sleep_ms(30); return arg; }
int main(void)
{
	mask(SIG_BLOCK, SIGUSR1, SIGUSR2);
	mask(SIG_BLOCK, SIGTERM, 0);
	pthread_t w = start(waiter, NULL), i = start(idle, NULL);
	for (int n = 1; n <= 5; n++) {
		kill(getpid(), SIGUSR1);
		while (got[0] < n)
			usleep(200);
		CHECK_OK(pthread_kill(w, SIGUSR2));
		while (got[1] < n)
			usleep(200);
	}
	end(i);
	CHECK_OK(pthread_kill(w, SIGTERM));
	end(w);
	printf("%d %d\n", got[0], got[1]);
	return 0;
}
