// rule: pause(2) and sigsuspend(2) return with EINTR after a handler has run; sigsuspend's mask holds meanwhile only
#include "sig.h"
static volatile int count, stop;
static void on(int s) { (void)s; count++; }
static void *kicker(void *arg)
{
	while (!stop) {
		sleep_ms(3);
		if (!stop)
			CHECK_OK(pthread_kill(*(pthread_t *)arg, SIGUSR1));
	}
	return NULL;
}
static void *in_thread(void *arg)
{
	pthread_t me = pthread_self();
	stop = count = 0;
	pthread_t k = start(kicker, &me);
	CHECK_ERRNO(pause(), EINTR);
	CHECK(count >= 1);
	mask(SIG_BLOCK, SIGUSR1, 0);
	sigset_t none;
	sigemptyset(&none);
	int before = count;
	sleep_ms(10);
	CHECK_EQ(count, before);
	CHECK_ERRNO(sigsuspend(&none), EINTR);
	CHECK(count > before);
	CHECK(is_blocked(SIGUSR1));
	stop = 1;
	end(k);
	mask(SIG_UNBLOCK, SIGUSR1, 0);
	return arg;
}
int main(void)
{
	handle(SIGUSR1, on, SA_RESTART);
	end(start(in_thread, NULL));
	in_thread(NULL);
	puts("ok");
	return 0;
}
