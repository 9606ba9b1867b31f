// rule: pthread_create(3): a thread starts with its creator's mask, or with that of its attributes, and with nothing pending
// glibc: 2.32
#include "sig.h"
static volatile int count;
static void on(int s) { (void)s; count++; }
static void *look(void *arg)
{
	sigset_t p;
	sigpending(&p);
	CHECK(!sigismember(&p, SIGUSR1));
	return (void *)(intptr_t)(is_blocked(SIGUSR1) | is_blocked(SIGUSR2) << 1 | is_blocked(SIGHUP) << 2 | (arg != NULL) << 3);
}
int main(void)
{
	handle(SIGUSR1, on, 0);
	mask(SIG_BLOCK, SIGUSR1, 0);
	printf("%d\n", (int)(intptr_t)end(start(look, NULL)));
	raise(SIGUSR1);
	printf("%d\n", (int)(intptr_t)end(start(look, NULL)));
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	sigset_t s = set_of(SIGUSR2, SIGHUP), got;
	CHECK_OK(pthread_attr_setsigmask_np(&attr, &s));
	CHECK_OK(pthread_attr_getsigmask_np(&attr, &got));
	CHECK(sigismember(&got, SIGHUP) && !sigismember(&got, SIGUSR1));
	pthread_t t;
	mask(SIG_BLOCK, SIGUSR1, SIGUSR2);
	// Nothing is pending for the process, so no handler runs in the new thread.
	CHECK_OK(pthread_create(&t, &attr, look, &t));
	printf("%d\n", (int)(intptr_t)end(t));
	CHECK_EQ(count, 0);
	mask(SIG_UNBLOCK, SIGUSR1, SIGUSR2);
	CHECK_EQ(count, 1);
	printf("%d\n", (int)(intptr_t)end(start(look, NULL)));
	return 0;
}
