// rule: siglongjmp(3): leaving a handler restores the mask of sigsetjmp, whether the thread computed or waited
#include "sig.h"
#include <setjmp.h>
static __thread sigjmp_buf back;
static pthread_t target;
static volatile int stop;
static void on(int s) { siglongjmp(back, s); }
static void *kicker(void *arg)
{
	while (!stop) {
		sleep_ms(2);
		if (!stop)
			CHECK_OK(pthread_kill(target, SIGUSR1));
	}
	return arg;
}
static void *worker(void *arg)
{
	target = pthread_self();
	mask(SIG_BLOCK, SIGHUP, 0);
	volatile int jumps = 0, kind = 0;
	pthread_t volatile k = 0;
	int r = sigsetjmp(back, 1);
	CHECK(is_blocked(SIGHUP) && !is_blocked(SIGUSR2));
	CHECK(!is_blocked(SIGUSR1));
	if (r) {
		CHECK_EQ(r, SIGUSR1);
		jumps++;
	} else {
		k = start(kicker, NULL);
	}
	while (jumps < 12) {
		mask(SIG_BLOCK, SIGUSR2, 0);
		switch (kind++ % 3) {
		case 0: for (;;) sched_yield();
		case 1: pause(); break;
		case 2: sleep(100); break;
		}
	}
	handle(SIGUSR1, SIG_IGN, 0);
	stop = 1;
	end(k);
	return arg;
}
int main(void)
{
	handle(SIGUSR1, on, 0);
	end(start(worker, NULL));
	puts("ok");
	return 0;
}
