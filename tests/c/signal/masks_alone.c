// rule: a handler that ends sigsuspend(), ppoll(), pselect() or epoll_pwait() runs with that call's mask, also when the other threads have ended
#include "sig.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

static int epoll;

static void handler(int number)
{
	/* With the call's mask, and the signal itself. */
	sigset_t now;
	sigprocmask(SIG_BLOCK, NULL, &now);
	printf("handler %d, blocked: %d %d %d\n", number == SIGUSR2 ? 2 : 1, sigismember(&now, SIGUSR1),
	       sigismember(&now, SIGUSR2), sigismember(&now, SIGWINCH));
}

static void *nothing(void *arg) { return arg; }

static int suspends(const sigset_t *set) { return sigsuspend(set); }
static int ppolls(const sigset_t *set) { return ppoll(NULL, 0, NULL, set); }
static int pselects(const sigset_t *set) { return pselect(0, NULL, NULL, NULL, NULL, set); }
static int epolls(const sigset_t *set)
{
	struct epoll_event event;
	return epoll_pwait(epoll, &event, 1, -1, set);
}

/* USR1 is blocked outside, USR2 in the call. */
static void call(const char *name, int (*waits)(const sigset_t *), const sigset_t *set)
{
	pid_t me = getpid();
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		sleep_ms(50);
		kill(me, SIGUSR2);
		kill(me, SIGUSR1);
		_exit(0);
	}
	errno = 0;
	int result = waits(set);
	printf("%s: %d %d\n", name, result, errno == EINTR);
	CHECK_EQ(waitpid(child, NULL, 0), child);
}

int main(void)
{
	pthread_t t;
	sigset_t outside, inside;
	setvbuf(stdout, NULL, _IONBF, 0);
	CHECK_OK(pthread_create(&t, NULL, nothing, NULL));
	CHECK_OK(pthread_join(t, NULL));
	signal(SIGUSR1, handler);
	signal(SIGUSR2, handler);
	sigemptyset(&outside);
	sigaddset(&outside, SIGUSR1);
	CHECK_OK(sigprocmask(SIG_SETMASK, &outside, NULL));
	sigemptyset(&inside);
	sigaddset(&inside, SIGUSR2);
	sigaddset(&inside, SIGWINCH);
	CHECK((epoll = epoll_create1(0)) >= 0);
	call("sigsuspend", suspends, &inside);
	call("ppoll", ppolls, &inside);
	call("pselect", pselects, &inside);
	call("epoll_pwait", epolls, &inside);
	return 0;
}
