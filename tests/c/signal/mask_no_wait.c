// rule: ppoll(2), pselect(2), epoll_pwait(2): with a time-out of zero a pending signal that the call's mask lets through runs its handler and gives EINTR (Linux: not in epoll_pwait); if a descriptor is ready the call tells that instead, and the signal stays pending
#include "sig.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

static volatile sig_atomic_t got;
static volatile int quit;
static void count(int s) { (void)s, got++; }

static int ppolls(int fd, int epoll, const sigset_t *set)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct timespec zero = {0, 0};
	(void)epoll;
	return ppoll(&p, 1, &zero, set);
}
static int pselects(int fd, int epoll, const sigset_t *set)
{
	struct timespec zero = {0, 0};
	fd_set in;
	(void)epoll;
	FD_ZERO(&in);
	FD_SET(fd, &in);
	return pselect(fd + 1, &in, NULL, NULL, &zero, set);
}
static int epolls(int fd, int epoll, const sigset_t *set)
{
	struct epoll_event event;
	(void)fd;
	return epoll_pwait(epoll, &event, 1, 0, set);
}

static void *all(void *arg)
{
	int (*calls[])(int, int, const sigset_t *) = {ppolls, pselects, epolls};
	sigset_t none;
	sigemptyset(&none);
	for (int i = 0; i < 3; i++) {
		int p[2], epoll = epoll_create1(0);
		struct epoll_event event = {.events = EPOLLIN};
		CHECK_EQ(pipe(p), 0);
		CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, p[0], &event), 0);
		mask(SIG_BLOCK, SIGUSR1, 0);
		got = 0;
		CHECK_EQ(calls[i](p[0], epoll, &none), 0);
		CHECK_EQ(raise(SIGUSR1), 0);
		if (calls[i] == epolls) {
			CHECK_EQ(epolls(p[0], epoll, &none), 0);
			CHECK_EQ(got, 0);
			struct epoll_event none_ready;
			CHECK_ERRNO(epoll_pwait(epoll, &none_ready, 1, 1, &none), EINTR);
		} else {
			CHECK_ERRNO(calls[i](p[0], epoll, &none), EINTR);
		}
		CHECK_EQ(got, 1);
		CHECK_EQ(is_blocked(SIGUSR1), 1);
		CHECK_EQ(calls[i](p[0], epoll, &none), 0);
		CHECK_EQ(write(p[1], "x", 1), 1);
		CHECK_EQ(calls[i](p[0], epoll, &none), 1);
		CHECK_EQ(raise(SIGUSR1), 0);
		CHECK_EQ(calls[i](p[0], epoll, &none), 1);
		CHECK_EQ(got, 1);
		mask(SIG_UNBLOCK, SIGUSR1, 0);
		CHECK_EQ(got, 2);
		close(p[0]);
		close(p[1]);
		close(epoll);
	}
	return arg;
}

static void *idle(void *arg)
{
	while (!quit)
		usleep(2000);
	return arg;
}

int main(void)
{
	handle(SIGUSR1, count, 0);
	pthread_t other = start(idle, NULL);
	end(start(all, NULL));
	all(NULL);
	quit = 1;
	end(other);
	all(NULL);
	puts("looked");
	return 0;
}
