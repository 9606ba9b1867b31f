// rule: sigaction(2), pthread_sigmask(3): a fault in a thread that blocks its signal, or ignores it, kills the process whatever the handler
// exit: signal 11
#include "sig.h"
static void on(int s) { (void)s; printf("not to be seen\n"); fflush(stdout); }
static void *faults(void *arg)
{
	mask(SIG_BLOCK, SIGSEGV, 0);
	*(volatile int *)8 = 1;
	return arg;
}
static void *sleeps(void *arg) { sleep_ms(10000); return arg; }
int main(void)
{
	handle(SIGSEGV, on, 0);
	start(sleeps, NULL);
	end(start(faults, NULL));
	return 0;
}
