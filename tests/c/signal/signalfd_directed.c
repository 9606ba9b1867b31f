// rule: signalfd(2): a read gives signals that are pending for the reading thread, by raise, pthread_kill, tgkill and pthread_sigqueue, and those of the process; poll and epoll tell of them
#include "sig.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
static int fd, ep;
static sem_t go;
static void expect(int signal, int code)
{
	struct signalfd_siginfo i;
	CHECK_EQ(read(fd, &i, sizeof i), sizeof i);
	CHECK_EQ(i.ssi_signo, signal);
	CHECK_EQ(i.ssi_code, code);
	CHECK_EQ(i.ssi_pid, getpid());
}
static void ready(void)
{
	struct pollfd p = { fd, POLLIN, 0 };
	struct epoll_event e;
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(epoll_wait(ep, &e, 1, 5000), 1);
}
static void *sender(void *arg)
{
	pthread_t to = *(pthread_t *)arg;
	union sigval v = { .sival_int = 3 };
	while (sem_wait(&go))
		;
	sleep_ms(10);
	CHECK_OK(pthread_kill(to, SIGUSR1));
	while (sem_wait(&go))
		;
	sleep_ms(10);
	CHECK_OK(pthread_sigqueue(to, SIGRTMIN, v));
	return NULL;
}
int main(void)
{
	pthread_t me = pthread_self();
	CHECK_EQ(sem_init(&go, 0, 0), 0);
	mask(SIG_BLOCK, SIGUSR1, SIGRTMIN);
	sigset_t s = set_of(SIGUSR1, SIGRTMIN);
	pthread_t t = start(sender, &me);
	struct epoll_event e = { .events = EPOLLIN };
	CHECK((fd = signalfd(-1, &s, 0)) >= 0);
	CHECK((ep = epoll_create1(0)) >= 0);
	CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), 0);
	CHECK_EQ(raise(SIGUSR1), 0);
	ready();
	expect(SIGUSR1, SI_TKILL);
	CHECK_EQ(tgkill(getpid(), gettid(), SIGUSR1), 0);
	expect(SIGUSR1, SI_TKILL);
	CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	ready();
	expect(SIGUSR1, SI_USER);
	sem_post(&go);
	expect(SIGUSR1, SI_TKILL);
	sem_post(&go);
	expect(SIGRTMIN, SI_QUEUE);
	end(t);
	puts("ok");
	return 0;
}
