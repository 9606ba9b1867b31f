// rule: ppoll(2), pselect(2), epoll_pwait(2), sigsuspend(2): the mask of the call holds for the calling thread while it waits: pending signals that it lets through end it at once, those that it blocks wait for its end, other threads' masks stay
#include "sig.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
static __thread int usr1, usr2;
static void on(int s)
{
	if (s == SIGUSR1)
		usr1++;
	else
		usr2++;
}
static __thread int ep;
static int by_ppoll(const sigset_t *m, long ms)
{
	struct timespec t = ts_ms(ms);
	return ppoll(NULL, 0, ms < 0 ? NULL : &t, m);
}
static int by_pselect(const sigset_t *m, long ms)
{
	struct timespec t = ts_ms(ms);
	return pselect(0, NULL, NULL, NULL, ms < 0 ? NULL : &t, m);
}
static int by_epoll(const sigset_t *m, long ms)
{
	struct epoll_event e;
	return epoll_pwait(ep, &e, 1, ms, m);
}
static int by_suspend(const sigset_t *m, long ms)
{
	(void)ms;
	return sigsuspend(m);
}
static void *sends(void *to)
{
	sleep_ms(10);
	CHECK_OK(pthread_kill(*(pthread_t *)to, SIGUSR1));
	sleep_ms(10);
	CHECK_OK(pthread_kill(*(pthread_t *)to, SIGUSR2));
	return NULL;
}
static void *worker(void *arg)
{
	int (*calls[])(const sigset_t *, long) = { by_ppoll, by_pselect, by_epoll, by_suspend };
	sigset_t none, one = set_of(SIGUSR1, 0), all;
	pthread_t me = pthread_self();
	sigemptyset(&none);
	sigfillset(&all);
	CHECK((ep = epoll_create1(0)) >= 0);
	for (int i = 0; i < 4; i++) {
		usr1 = usr2 = 0;
		/* Pending already, and let through. */
		mask(SIG_BLOCK, SIGUSR1, SIGUSR2);
		CHECK_OK(pthread_kill(me, SIGUSR1));
		CHECK_EQ(usr1, 0);
		CHECK_ERRNO(calls[i](&none, -1), EINTR);
		CHECK_EQ(usr1, 1);
		CHECK_EQ(is_blocked(SIGUSR1) + is_blocked(SIGUSR2), 2);
		/* Pending, and not let through: the call waits; the other one ends it. */
		CHECK_OK(pthread_kill(me, SIGUSR1));
		pthread_t t = start(sends, &me);
		CHECK_ERRNO(calls[i](&one, -1), EINTR);
		CHECK_EQ(usr1, 1);
		CHECK_EQ(usr2, 1);
		end(t);
		/* Blocked inside only: afterwards it is delivered. */
		mask(SIG_UNBLOCK, SIGUSR1, SIGUSR2);
		CHECK_EQ(usr1, 2);
		if (calls[i] != by_suspend) {
			t = start(sends, &me);
			CHECK_EQ(calls[i](&all, 1000), 0);
			CHECK_EQ(usr1, 3);
			end(t);
			CHECK_EQ(usr2, 2);
		}
	}
	close(ep);
	return arg;
}
static volatile int stop;
static void *watches(void *arg)
{
	while (!stop) {
		CHECK_EQ(is_blocked(SIGUSR1) + is_blocked(SIGUSR2), 0);
		sleep_ms(1);
	}
	return arg;
}
int main(void)
{
	handle(SIGUSR1, on, SA_RESTART);
	handle(SIGUSR2, on, 0);
	pthread_t w = start(watches, NULL), a = start(worker, NULL), b = start(worker, NULL);
	worker(NULL);
	end(a), end(b);
	stop = 1;
	end(w);
	puts("ok");
	return 0;
}
