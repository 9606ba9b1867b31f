// rule: sigwaitinfo() and sigtimedwait() tell SI_USER of a signal of raise() or pthread_kill(), sigqueue()'s as it was sent
// one-thread: yes
#include "sig.h"


static void *tells(void *arg)
{
	sigset_t set;
	siginfo_t info;
	struct timespec none = { 0, 0 };
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_OK(raise(SIGUSR1));
	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	printf("%s: raise %d, own process %d\n", (char *)arg, info.si_code, info.si_pid == getpid());
	CHECK_OK(pthread_kill(pthread_self(), SIGUSR1));
	CHECK_EQ(sigtimedwait(&set, &info, &none), SIGUSR1);
	printf("%s: pthread_kill %d\n", (char *)arg, info.si_code);
	CHECK_OK(kill(getpid(), SIGUSR1));
	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	printf("%s: kill %d\n", (char *)arg, info.si_code);
	CHECK_OK(pthread_sigqueue(pthread_self(), SIGUSR1, (union sigval){ .sival_int = 5 }));
	CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
	printf("%s: pthread_sigqueue %d %d\n", (char *)arg, info.si_code, info.si_value.sival_int);
	return NULL;
}

int main(void)
{
	pthread_t t;
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_OK(pthread_sigmask(SIG_BLOCK, &set, NULL));
	CHECK_OK(pthread_create(&t, NULL, tells, "thread"));
	CHECK_OK(pthread_join(t, NULL));
	tells("alone");
	CHECK_OK(pthread_create(&t, NULL, tells, "once more"));
	CHECK_OK(pthread_join(t, NULL));
	return 0;
}
