// rule: timer_create(2): SIGEV_SIGNAL: the handler gets SI_TIMER and the value while threads wait and compute; a signal that is blocked everywhere is taken by sigwaitinfo; overruns are counted; a deleted timer is silent
// libs: -lrt
#include "sig.h"
static volatile int count, value_ok = 1;
static timer_t timer;
static void on(int s, siginfo_t *i, void *c)
{
	(void)c;
	value_ok &= s == SIGUSR1 && i->si_code == SI_TIMER && i->si_value.sival_int == 42;
	count++;
}
static void *computes(void *arg)
{
	while (count < 3)
		;
	return arg;
}
static void *sleeps(void *arg)
{
	struct timespec t = ts_ms(60);
	while (nanosleep(&t, &t))
		CHECK_EQ(errno, EINTR);
	return arg;
}
static void every(timer_t t, long ms)
{
	struct itimerspec it = { { ms / 1000, ms % 1000 * 1000000 }, { ms / 1000, ms % 1000 * 1000000 } };
	CHECK_EQ(timer_settime(t, 0, &it, NULL), 0);
}
int main(void)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42 };
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	pthread_t a = start(sleeps, NULL);
	CHECK_EQ(timer_create(CLOCK_MONOTONIC, &e, &timer), 0);
	every(timer, 5);
	end(start(computes, NULL));
	end(a);
	CHECK(count >= 3 && value_ok);
	CHECK_EQ(timer_delete(timer), 0);
	int before = count;
	sleep_ms(20);
	CHECK(count <= before + 1);

	mask(SIG_BLOCK, SIGRTMIN, 0);
	e.sigev_signo = SIGRTMIN;
	e.sigev_value.sival_int = 7;
	CHECK_EQ(timer_create(CLOCK_REALTIME, &e, &timer), 0);
	a = start(sleeps, NULL);
	every(timer, 3);
	sleep_ms(30);
	sigset_t s = set_of(SIGRTMIN, 0);
	siginfo_t i;
	CHECK_EQ(sigwaitinfo(&s, &i), SIGRTMIN);
	CHECK_EQ(i.si_code, SI_TIMER);
	CHECK_EQ(i.si_value.sival_int, 7);
	CHECK(i.si_overrun >= 1);
	CHECK(timer_getoverrun(timer) >= 1);
	CHECK_EQ(sigwaitinfo(&s, &i), SIGRTMIN);
	CHECK_EQ(timer_delete(timer), 0);
	end(a);
	puts("ok");
	return 0;
}
