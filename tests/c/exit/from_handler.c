// rule: exit(3), _exit(2): a SIGTERM handler that calls exit ends the process with its status, whatever the interrupted thread and the others do; atexit functions run once
// exit: 3
// variant: waiting -DWAITS
// variant: computing -DCOMPUTES
#include "../check.h"
#include <signal.h>
static void at_exit(void) { if (write(1, "atexit\n", 7) != 7) _exit(1); }
static void on(int s) { (void)s, exit(3); }
static void *sleeps(void *arg) { for (;;) sleep_ms(5); return arg; }
static void *computes(void *arg) { for (volatile long n = 0;; n++) ; return arg; }
static void *terms(void *arg)
{
	sleep_ms(30);
	kill(getpid(), SIGTERM);
	return arg;
}
int main(void)
{
	pthread_t t;
	struct sigaction sa = { .sa_handler = on };
	CHECK_EQ(sigaction(SIGTERM, &sa, NULL), 0);
	atexit(at_exit);
	CHECK_OK(pthread_create(&t, NULL, sleeps, NULL));
	CHECK_OK(pthread_create(&t, NULL, computes, NULL));
	CHECK_OK(pthread_create(&t, NULL, terms, NULL));
#if defined WAITS
	sleep_ms(100000);
#elif defined COMPUTES
	computes(NULL);
#else
	pthread_join(t, NULL);
	sleep_ms(100000);
#endif
	return 1;
}
