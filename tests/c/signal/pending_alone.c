// rule: sigpending(2), sigwait(3), sigsuspend(2), ppoll(2): a signal that became pending for a thread while there were others is still pending when it is the only one left: whatever waits for it, or lets it through, gets it at once
// timeout: 60
#include "sig.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

static volatile sig_atomic_t got;
static volatile int quit;
static void count(int s) { (void)s, got++; }

static void *idle(void *arg)
{
	mask(SIG_UNBLOCK, SIGUSR1, SIGRTMIN + 1);
	while (!quit)
		usleep(500);
	return arg;
}

/* Both signals are pending for the caller, who is alone. */
static void pend(void)
{
	sigset_t pending;
	quit = 0;
	got = 0;
	pthread_t other = start(idle, NULL);
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_OK(pthread_sigqueue(pthread_self(), SIGRTMIN + 1, (union sigval){.sival_int = 7}));
	quit = 1;
	end(other);
	CHECK_EQ(sigpending(&pending), 0);
	CHECK_EQ(sigismember(&pending, SIGUSR1), 1);
	CHECK_EQ(sigismember(&pending, SIGRTMIN + 1), 1);
	CHECK_EQ(got, 0);
}

int main(void)
{
	sigset_t both = set_of(SIGUSR1, SIGRTMIN + 1), none;
	struct timespec hour = {3600, 0};
	struct epoll_event event;
	siginfo_t info;
	int signal;
	sigemptyset(&none);
	handle(SIGUSR1, count, SA_RESTART);
	handle(SIGRTMIN + 1, count, SA_RESTART);
	mask(SIG_BLOCK, SIGUSR1, SIGRTMIN + 1);

	pend();
	CHECK_OK(sigwait(&both, &signal));
	CHECK_EQ(signal, SIGUSR1);
	CHECK_EQ(sigwaitinfo(&both, &info), SIGRTMIN + 1);
	CHECK_EQ(info.si_value.sival_int, 7);

	pend();
	CHECK_EQ(sigtimedwait(&both, &info, &hour), SIGUSR1);
	CHECK_EQ(sigtimedwait(&both, &info, &hour), SIGRTMIN + 1);
	CHECK_EQ(info.si_value.sival_int, 7);

	pend();
	CHECK_ERRNO(sigsuspend(&none), EINTR);
	CHECK_EQ(got, 2);
	CHECK_EQ(is_blocked(SIGUSR1), 1);

	pend();
	CHECK_ERRNO(ppoll(NULL, 0, &hour, &none), EINTR);
	CHECK_EQ(got, 2);

	pend();
	CHECK_ERRNO(pselect(0, NULL, NULL, NULL, &hour, &none), EINTR);
	CHECK_EQ(got, 2);

	pend();
	CHECK_ERRNO(epoll_pwait(epoll_create1(EPOLL_CLOEXEC), &event, 1, -1, &none), EINTR);
	CHECK_EQ(got, 2);

	pend();
	mask(SIG_UNBLOCK, SIGUSR1, SIGRTMIN + 1);
	CHECK_EQ(got, 2);
	puts("still pending");
	return 0;
}
