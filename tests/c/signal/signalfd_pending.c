// rule: signalfd(2): a new descriptor tells of signals that were pending for its maker before it was made, by function and by number; and of those that are pending for the reader, however long another thread did not block them
#include "sig.h"
#include <poll.h>
#include <sys/signalfd.h>

static sem_t go, done;
static sigset_t set;
static int by_name(void) { return signalfd(-1, &set, SFD_NONBLOCK); }
static int by_number(void) { return syscall(SYS_signalfd4, -1, &set, 8, SFD_NONBLOCK); }

static void expect(int fd, int signal, int code, int value)
{
	struct signalfd_siginfo i;
	struct pollfd p = { fd, POLLIN, 0 };
	CHECK_EQ(poll(&p, 1, 5000), 1);
	CHECK_EQ(read(fd, &i, sizeof i), sizeof i);
	CHECK_EQ(i.ssi_signo, signal);
	CHECK_EQ(i.ssi_code, code);
	CHECK_EQ(i.ssi_pid, getpid());
	CHECK_EQ(i.ssi_int, value);
}
static void expect_nothing(int fd)
{
	struct signalfd_siginfo i;
	CHECK_ERRNO(read(fd, &i, sizeof i), EAGAIN);
}
static void *stays(void *arg)
{
	while (sem_wait(&go))
		;
	return arg;
}
static void were_pending(int (*make)(void))
{
	CHECK_EQ(raise(SIGUSR1), 0);
	CHECK_OK(pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){ .sival_int = 5 }));
	CHECK_OK(pthread_sigqueue(pthread_self(), SIGRTMIN, (union sigval){ .sival_int = 6 }));
	int fd = make();
	CHECK(fd >= 0);
	expect(fd, SIGUSR1, SI_TKILL, 0);
	expect(fd, SIGRTMIN, SI_QUEUE, 5);
	expect(fd, SIGRTMIN, SI_QUEUE, 6);
	expect_nothing(fd);
	close(fd);
}

/* Blocks what main does not block, until it does, too. */
static void *reads(void *arg)
{
	mask(SIG_BLOCK, SIGUSR2, SIGRTMIN + 1);
	sigset_t own = set_of(SIGUSR2, SIGRTMIN + 1);
	int fd = signalfd(-1, &own, SFD_NONBLOCK);
	CHECK(fd >= 0);
	CHECK_EQ(raise(SIGUSR2), 0);
	CHECK_OK(pthread_sigqueue(pthread_self(), SIGRTMIN + 1, (union sigval){ .sival_int = 7 }));
	sem_post(&done);
	while (sem_wait(&go))
		;
	expect(fd, SIGUSR2, SI_TKILL, 0);
	expect(fd, SIGRTMIN + 1, SI_QUEUE, 7);
	expect_nothing(fd);
	return arg;
}
int main(void)
{
	CHECK_EQ(sem_init(&go, 0, 0), 0);
	CHECK_EQ(sem_init(&done, 0, 0), 0);
	set = set_of(SIGUSR1, SIGRTMIN);
	mask(SIG_BLOCK, SIGUSR1, SIGRTMIN);
	pthread_t t = start(stays, NULL);
	were_pending(by_name);
	were_pending(by_number);
	sem_post(&go);
	end(t);

	t = start(reads, NULL);
	while (sem_wait(&done))
		;
	mask(SIG_BLOCK, SIGUSR2, SIGRTMIN + 1);
	sem_post(&go);
	end(t);
	puts("ok");
	return 0;
}
