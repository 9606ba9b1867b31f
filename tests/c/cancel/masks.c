// rule: whoever is cancelled, or ends itself in a handler, while it waits in sigsuspend, ppoll, pselect, epoll_pwait or epoll_pwait2 runs its cleanup handlers with the mask of that call; a request that was there before the call finds the thread's own
#include "../check.h"
#include <gnu/libc-version.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

/* Blocked by the thread, by its call, by its handler. */
static sigset_t usr1, usr2, nothing;
static int fds[2], set_of_fds;
/* A deferred request acts when the call is over, from glibc 2.41 on, and in it before: that
 * the library does with every glibc. */
static int untold;
static void tell(void *what)
{
	if (untold)
		return;
	sigset_t s;
	CHECK_OK(pthread_sigmask(SIG_BLOCK, NULL, &s));
	printf("%s:", (const char *)what);
	for (int i = 1; i < SIGRTMIN; i++)
		if (i < 32 && sigismember(&s, i))
			printf(" %d", i);
	printf("\n");
}

static void do_sigsuspend(void) { sigsuspend(&usr2); }
static void do_ppoll(void)
{
	struct pollfd f = { fds[0], POLLIN, 0 };
	ppoll(&f, 1, NULL, &usr2);
}
static void do_pselect(void)
{
	fd_set s;
	FD_ZERO(&s);
	FD_SET(fds[0], &s);
	pselect(fds[0] + 1, &s, NULL, NULL, NULL, &usr2);
}
static void do_epoll_pwait(void)
{
	struct epoll_event e;
	epoll_pwait(set_of_fds, &e, 1, 300000, &usr2);
}
static void do_raw_epoll_pwait(void)
{
	struct epoll_event e;
	syscall(SYS_epoll_pwait, set_of_fds, &e, 1, 300000, &usr2, 8);
}
static const struct {
	const char *name;
	void (*wait)(void);
	int no_point;
} calls[] = {
	{ "sigsuspend", do_sigsuspend, 0 },
	{ "ppoll", do_ppoll, 0 },
	{ "pselect", do_pselect, 0 },
	{ "epoll_pwait", do_epoll_pwait, 0 },
	{ "epoll_pwait by number", do_raw_epoll_pwait, 1 },
};
enum { CALLS = sizeof calls / sizeof *calls };

static volatile int waits, go, asynchronous;
static void *waiter(void *arg)
{
	int i = (int)(intptr_t)arg;
	CHECK_OK(pthread_sigmask(SIG_SETMASK, &usr1, NULL));
	CHECK_OK(pthread_setcanceltype(asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, NULL));
	pthread_cleanup_push(tell, (void *)calls[i].name);
	waits = 1;
	while (!go)
		sched_yield();
	calls[i].wait();
	pthread_cleanup_pop(1);
	return NULL;
}
static pthread_t start(int i)
{
	pthread_t t;
	waits = 0;
	CHECK_OK(pthread_create(&t, NULL, waiter, (void *)(intptr_t)i));
	while (!waits)
		sleep_ms(1);
	return t;
}
static void ends(pthread_t t)
{
	void *r;
	CHECK_OK(pthread_join(t, &r));
	CHECK(r == PTHREAD_CANCELED);
}
static void in_handler(int s)
{
	(void)s;
	pthread_exit(PTHREAD_CANCELED);
}

int main(void)
{
	struct epoll_event e = { .events = EPOLLIN };
	struct sigaction a = { .sa_handler = in_handler };
	CHECK_EQ(pipe(fds), 0);
	CHECK((set_of_fds = epoll_create1(0)) >= 0);
	CHECK_EQ(epoll_ctl(set_of_fds, EPOLL_CTL_ADD, fds[0], &e), 0);
	sigemptyset(&nothing);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	a.sa_mask = nothing;
	sigaddset(&a.sa_mask, SIGALRM);
	CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
	for (asynchronous = 0; asynchronous < 2; asynchronous++) {
		printf("%s\n", asynchronous ? "asynchronous" : "deferred");
		go = 1;
		untold = !asynchronous && atof(gnu_get_libc_version() + 2) >= 41;
		for (int i = 0; i < CALLS; i++) {
			if (calls[i].no_point && !asynchronous)
				continue;
			pthread_t t = start(i);
			sleep_ms(100);
			CHECK_OK(pthread_cancel(t));
			ends(t);
		}
	}
	printf("before the call\n");
	asynchronous = 0;
	for (int i = 0; i < CALLS; i++) {
		if (calls[i].no_point)
			continue;
		go = 0;
		pthread_t t = start(i);
		CHECK_OK(pthread_cancel(t));
		go = 1;
		ends(t);
	}
	printf("in a handler\n");
	for (int i = 0; i < CALLS; i++) {
		/* Blocked by the thread, let through by its call. */
		pthread_t t = start(i);
		CHECK_OK(pthread_kill(t, SIGUSR1));
		ends(t);
	}
	return 0;
}
