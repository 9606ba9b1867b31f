// rule: a thread's pending set is empty at first: signals that wait for its creator alone stay the creator's (pthread_create(3)), one for the process is pending for both
// one-thread: yes
#include "sig.h"

static sigset_t four;

static void show(const char *whose)
{
	sigset_t set;
	CHECK_OK(sigpending(&set));
	printf("%s: %d %d %d %d\n", whose, sigismember(&set, SIGUSR1), sigismember(&set, SIGUSR2),
	       sigismember(&set, SIGRTMIN), sigismember(&set, SIGHUP));
}

static void *other(void *arg)
{
	struct timespec none = { 0, 0 };
	sigset_t set = four;
	show("thread");
	/* It cannot take the creator's either, but the process's. */
	sigdelset(&set, SIGHUP);
	CHECK_ERRNO(sigtimedwait(&set, NULL, &none), EAGAIN);
	sigaddset(&set, SIGHUP);
	CHECK_EQ(sigtimedwait(&set, NULL, &none), SIGHUP);
	show("thread");
	return arg;
}

int main(void)
{
	pthread_t t;
	siginfo_t info;
	int sum = 0;
	setvbuf(stdout, NULL, _IONBF, 0);
	sigemptyset(&four);
	sigaddset(&four, SIGUSR1);
	sigaddset(&four, SIGUSR2);
	sigaddset(&four, SIGRTMIN);
	sigaddset(&four, SIGHUP);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &four, NULL));
	CHECK_OK(raise(SIGUSR1));
	CHECK_OK(pthread_kill(pthread_self(), SIGUSR2));
	for (int i = 1; i <= 3; i++)
		CHECK_OK(pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){ .sival_int = i }));
	CHECK_OK(kill(getpid(), SIGHUP));
	show("before");
	CHECK_OK(pthread_create(&t, NULL, other, NULL));
	CHECK_OK(pthread_join(t, NULL));
	show("main");
	for (int i = 0; i < 3; i++) {
		sigset_t one;
		sigemptyset(&one);
		sigaddset(&one, SIGRTMIN);
		CHECK_EQ(sigwaitinfo(&one, &info), SIGRTMIN);
		sum = sum * 10 + info.si_value.sival_int;
	}
	printf("main: %d\n", sum);
	show("main");
	return 0;
}
