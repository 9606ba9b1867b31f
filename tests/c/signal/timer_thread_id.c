// rule: timer_create(2): SIGEV_THREAD_ID: the signal goes to the thread of that id (of this process): its handler runs there, or its sigwaitinfo takes it, whoever else could; EINVAL for an id that is no thread's
// libs: -lrt
#include "sig.h"
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif
static __thread volatile int mine;
static volatile int wrong, stop;
static void on(int s, siginfo_t *i, void *c)
{
	(void)s, (void)c;
	if (i->si_code != SI_TIMER || i->si_value.sival_ptr != (void *)&mine)
		wrong++;
	mine++;
}
static timer_t make(clockid_t clock, int signal, pid_t tid, void *value)
{
	struct itimerspec it = { { 0, 3000000 }, { 0, 3000000 } };
	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal, .sigev_value.sival_ptr = value };
	timer_t t;
	e.sigev_notify_thread_id = tid;
	CHECK_EQ(timer_create(clock, &e, &t), 0);
	CHECK_EQ(timer_settime(t, 0, &it, NULL), 0);
	return t;
}
static void *sleeps(void *arg)
{
	timer_t t = make(CLOCK_MONOTONIC, SIGUSR1, gettid(), (void *)&mine);
	while (mine < 5)
		sleep_ms(1);
	CHECK_EQ(timer_delete(t), 0);
	sleep_ms(10);
	return arg;
}
static void *computes(void *arg)
{
	timer_t t = make(CLOCK_REALTIME, SIGUSR1, gettid(), (void *)&mine);
	while (mine < 5)
		;
	CHECK_EQ(timer_delete(t), 0);
	return arg;
}
static void *takes(void *arg)
{
	sigset_t s = set_of(SIGRTMIN, 0);
	siginfo_t i;
	timer_t t = make(CLOCK_MONOTONIC, SIGRTMIN, gettid(), (void *)&mine);
	for (int n = 0; n < 5; n++) {
		CHECK_EQ(sigwaitinfo(&s, &i), SIGRTMIN);
		CHECK_EQ(i.si_code, SI_TIMER);
		CHECK(i.si_value.sival_ptr == (void *)&mine);
	}
	CHECK_EQ(timer_delete(t), 0);
	return arg;
}
static void *waits_in_vain(void *arg)
{
	sigset_t s = set_of(SIGRTMIN, 0);
	struct timespec t = { 0, 20000000 };
	while (!stop)
		CHECK_ERRNO(sigtimedwait(&s, NULL, &t), EAGAIN);
	return arg;
}
static void *of_main(void *arg) /* made by another thread */
{
	*(timer_t *)arg = make(CLOCK_MONOTONIC, SIGUSR1, getpid(), NULL);
	return arg;
}
static volatile int from_main;
static void on_main(int s, siginfo_t *i, void *c)
{
	(void)s, (void)i, (void)c;
	from_main += gettid() == getpid();
}
int main(void)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART };
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	mask(SIG_BLOCK, SIGRTMIN, 0);
	pthread_t v = start(waits_in_vain, NULL), t[6];
	for (int i = 0; i < 6; i++)
		t[i] = start(i % 3 == 0 ? sleeps : i % 3 == 1 ? computes : takes, NULL);
	for (int i = 0; i < 6; i++)
		end(t[i]);
	stop = 1;
	end(v);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(mine, 0);

	timer_t m;
	sa.sa_sigaction = on_main;
	CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
	end(start(of_main, &m));
	v = start(waits_in_vain, NULL);
	while (from_main < 3)
		sleep_ms(1);
	CHECK_EQ(timer_delete(m), 0);
	end(v);

	struct sigevent e = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	e.sigev_notify_thread_id = 0x3ffffff0;
	CHECK_ERRNO(timer_create(CLOCK_MONOTONIC, &e, &m), EINVAL);
	puts("ok");
	return 0;
}
