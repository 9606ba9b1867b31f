// rule: sigwait(3): of several threads that wait for a signal exactly one gets each; one that waits for others does not get it; a handler of an unblocked signal does not end sigwait
#include "sig.h"
enum { N = 30 };
static volatile int taken, others, handled, stop;
static void on(int s) { (void)s; handled++; }
static void *takes(void *arg)
{
	sigset_t s = set_of(SIGUSR1, SIGTERM);
	int got;
	for (;;) {
		CHECK_OK(sigwait(&s, &got));
		if (got == SIGTERM)
			return arg;
		__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
	}
}
static void *takes_another(void *arg)
{
	sigset_t s = set_of(SIGUSR2, 0);
	int got;
	CHECK_OK(sigwait(&s, &got));
	CHECK_EQ(got, SIGUSR2);
	others++;
	return arg;
}
int main(void)
{
	pthread_t t[5], o;
	handle(SIGALRM, on, 0);
	mask(SIG_BLOCK, SIGUSR1, SIGUSR2);
	mask(SIG_BLOCK, SIGTERM, 0);
	for (int i = 0; i < 5; i++)
		t[i] = start(takes, NULL);
	o = start(takes_another, NULL);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(kill(getpid(), SIGUSR1), 0);
		for (int k = 0; k < 5000 && taken == i; k++)
			sleep_ms(1);
		CHECK_EQ(taken, i + 1);
		CHECK_OK(pthread_kill(t[i % 5], SIGALRM));
	}
	CHECK_EQ(others, 0);
	CHECK_OK(pthread_kill(o, SIGUSR2));
	end(o);
	for (int i = 0; i < 5; i++)
		CHECK_OK(pthread_kill(t[i], SIGTERM));
	for (int i = 0; i < 5; i++)
		end(t[i]);
	printf("%d taken, handled %s\n", taken, handled > 0 ? "some" : "none");
	return 0;
}
