// rule: a timer on a thread's processor clock counts that thread's time, whoever else computes and however often it waits; its signal goes where it is to go; timer_gettime, timer_settime and timer_getoverrun tell what is left, what was, and what was missed
// libs: -lrt
// timeout: 120
#include "../check.h"
#include <semaphore.h>
#include <signal.h>
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static pthread_t subject;
static volatile int on_subject, elsewhere, overruns;
static volatile int64_t at;
static timer_t timer;
static int64_t own_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }
static void handler(int s, siginfo_t *i, void *c)
{
	(void)s, (void)c;
	if (pthread_equal(pthread_self(), subject)) {
		at = own_ns();
		on_subject++;
	} else {
		elsewhere++;
	}
	if (i->si_code == SI_TIMER && i->si_value.sival_int == 7) {
		int n = timer_getoverrun(timer);
		if (n != i->si_overrun)
			_exit(3);
		overruns += n;
	}
}
static void compute_until(int64_t end)
{
	while (own_ns() < end)
		for (volatile int i = 0; i < 1000; i++)
			;
}
static volatile int stop;
static void *computes(void *arg)
{
	while (!stop)
		for (volatile int i = 0; i < 1000; i++)
			;
	return arg;
}
static pid_t id(void) { return syscall(SYS_gettid); }
static void make(clockid_t clock, int notify, int signal)
{
	struct sigevent e = { .sigev_notify = notify, .sigev_signo = signal, .sigev_value.sival_int = 7 };
	e.sigev_notify_thread_id = id();
	CHECK_EQ(timer_create(clock, &e, &timer), 0);
}
static void arm(int ms, int every_ms)
{
	struct itimerspec when = { .it_value = ts_ms(ms), .it_interval = ts_ms(every_ms) };
	CHECK_EQ(timer_settime(timer, 0, &when, NULL), 0);
}
static int64_t left_ns(void)
{
	struct itimerspec left;
	CHECK_EQ(timer_gettime(timer, &left), 0);
	return left.it_value.tv_sec * 1000000000LL + left.it_value.tv_nsec;
}

/* Computes and sleeps by turns, while another one computes. */
static void *by_turns(void *arg)
{
	subject = pthread_self();
	make(CLOCK_THREAD_CPUTIME_ID, SIGEV_THREAD_ID, SIGUSR1);
	int64_t begin = own_ns();
	arm(100, 0);
	while (own_ns() < begin + 90000000) {
		CHECK_EQ(on_subject, 0);
		int64_t left = left_ns();
		CHECK(left > 0 && left <= 100000000);
		compute_until(own_ns() + 10000000);
		sleep_ms(10);
	}
	while (!on_subject)
		compute_until(own_ns() + 1000000);
	CHECK(at >= begin + 99000000);
	CHECK_EQ(left_ns(), 0);
	CHECK_EQ(on_subject, 1);
	CHECK_EQ(overruns, 0);

	/* Again and again: signals and overruns are the periods that have passed. */
	begin = own_ns();
	on_subject = 0;
	arm(20, 20);
	while (on_subject + overruns < 10) {
		compute_until(own_ns() + 5000000);
		sleep_ms(1);
	}
	CHECK(at >= begin + (on_subject + overruns) * 20000000LL - 1000000);
	struct itimerspec none = { { 0, 0 }, { 0, 0 } }, before;
	CHECK_EQ(timer_settime(timer, 0, &none, &before), 0);
	CHECK_EQ(before.it_interval.tv_nsec, 20000000);
	CHECK_EQ(left_ns(), 0);

	/* While it is blocked, one is pending, and what it has missed is told with it. */
	sigset_t usr1;
	siginfo_t i;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &usr1, NULL));
	on_subject = 0;
	arm(10, 10);
	compute_until(own_ns() + 205000000);
	CHECK_EQ(sigwaitinfo(&usr1, &i), SIGUSR1);
	CHECK_EQ(i.si_code, SI_TIMER);
	CHECK_EQ(i.si_value.sival_int, 7);
	CHECK(i.si_overrun >= 15 && i.si_overrun <= 1000);
	CHECK_EQ(i.si_overrun, timer_getoverrun(timer));
	CHECK_EQ(timer_settime(timer, 0, &none, NULL), 0);
	while (sigtimedwait(&usr1, NULL, &(struct timespec){ 0, 0 }) > 0)
		;
	CHECK_OK(pthread_sigmask(SIG_UNBLOCK, &usr1, NULL));
	CHECK_EQ(on_subject, 0);

	/* In the past; a bad time; gone. */
	struct itimerspec past = { .it_value = { 0, 1 } };
	CHECK_EQ(timer_settime(timer, TIMER_ABSTIME, &past, NULL), 0);
	while (!on_subject)
		compute_until(own_ns() + 1000000);
	past.it_value.tv_nsec = 1000000000;
	CHECK_ERRNO(timer_settime(timer, 0, &past, NULL), EINVAL);
	CHECK_EQ(timer_delete(timer), 0);
	return arg;
}

/* Somebody else's clock, which goes for the process; asked for while that one computes. */
static void *others(void *arg)
{
	clockid_t clock;
	struct sigevent none = { .sigev_notify = SIGEV_NONE };
	CHECK_OK(pthread_getcpuclockid(*(pthread_t *)arg, &clock));
	CHECK_EQ(timer_create(clock, &none, &timer), 0);
	arm(1000000, 0);
	int64_t left = left_ns();
	CHECK(left <= 1000000000000LL);
	while (left_ns() >= left)
		sleep_ms(5);
	CHECK_EQ(timer_delete(timer), 0);
	make(clock, SIGEV_SIGNAL, SIGUSR1);
	on_subject = elsewhere = 0;
	arm(50, 0);
	while (on_subject + elsewhere == 0)
		sleep_ms(5);
	sleep_ms(50);
	CHECK_EQ(on_subject + elsewhere, 1);
	CHECK_EQ(timer_delete(timer), 0);

	return arg;
}

int main(void)
{
	struct sigaction a = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	pthread_t t, busy;
	CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
	CHECK_OK(pthread_create(&busy, NULL, computes, NULL));
	CHECK_OK(pthread_create(&t, NULL, by_turns, NULL));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_EQ(elsewhere, 0);
	CHECK_OK(pthread_create(&t, NULL, others, &busy));
	CHECK_OK(pthread_join(t, NULL));
	stop = 1;
	CHECK_OK(pthread_join(busy, NULL));
	printf("thread timers\n");
	return 0;
}
