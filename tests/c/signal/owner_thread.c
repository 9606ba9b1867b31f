// rule: fcntl(2): with F_SETOWN_EX and F_OWNER_TID the signals of a descriptor (O_ASYNC) go to the thread named, by F_SETSIG or as SIGIO, until it has ended
#include "sig.h"
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum { N = 3 };
static int end_of[N][2];
static volatile int got[N], from[N], ended;
static __thread int me = -1;
static sem_t ready;

static void on(int s, siginfo_t *info, void *context)
{
	(void)s, (void)context;
	CHECK(me >= 0);
	from[me] = info->si_fd;
	__atomic_add_fetch(&got[me], 1, __ATOMIC_SEQ_CST);
}
static void on_io(int s)
{
	(void)s;
	CHECK(me >= 0);
	__atomic_add_fetch(&got[me], 1, __ATOMIC_SEQ_CST);
}
static void own(int fd, int signal)
{
	struct f_owner_ex owner = { F_OWNER_TID, (pid_t)syscall(SYS_gettid) }, now;
	CHECK_EQ(fcntl(fd, F_SETOWN_EX, &owner), 0);
	if (signal)
		CHECK_EQ(fcntl(fd, F_SETSIG, signal), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC), 0);
	CHECK_EQ(fcntl(fd, F_GETOWN_EX, &now), 0);
	CHECK_EQ(now.type, F_OWNER_TID);
	CHECK_EQ(now.pid, owner.pid);
	CHECK_EQ(fcntl(fd, F_GETOWN), owner.pid);
}
static void *worker(void *arg)
{
	me = (int)(intptr_t)arg;
	own(end_of[me][0], me == 0 ? 0 : SIGRTMIN + 1);
	sem_post(&ready);
	while (!ended)
		sleep_ms(1);
	return NULL;
}
int main(void)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct f_owner_ex owner;
	pthread_t t[N];
	char c;
	CHECK_EQ(sigaction(SIGRTMIN + 1, &sa, NULL), 0);
	handle(SIGIO, on_io, SA_RESTART);
	sem_init(&ready, 0, 0);
	for (int i = 0; i < N; i++) {
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, end_of[i]), 0);
		t[i] = start(worker, (void *)(intptr_t)i);
		while (sem_wait(&ready))
			;
	}
	for (int round = 1; round <= 5; round++)
		for (int i = 0; i < N; i++) {
			CHECK_EQ(write(end_of[i][1], "x", 1), 1);
			while (got[i] < round)
				sleep_ms(1);
			CHECK_EQ(read(end_of[i][0], &c, 1), 1);
			if (i)
				CHECK_EQ(from[i], end_of[i][0]);
			for (int k = 0; k < N; k++)
				CHECK_EQ(got[k], k <= i ? round : round - 1);
		}
	/* the process's again, and then nobody's */
	owner = (struct f_owner_ex){ F_OWNER_PID, getpid() };
	CHECK_EQ(fcntl(end_of[1][0], F_SETOWN_EX, &owner), 0);
	CHECK_EQ(fcntl(end_of[1][0], F_GETOWN), getpid());
	owner = (struct f_owner_ex){ F_OWNER_TID, 1 << 30 };
	CHECK_ERRNO(fcntl(end_of[1][0], F_SETOWN_EX, &owner), ESRCH);
	ended = 1;
	for (int i = 0; i < N; i++)
		end(t[i]);
	CHECK_EQ(fcntl(end_of[2][0], F_GETOWN_EX, &owner), 0);
	CHECK_EQ(owner.pid, 0);
	CHECK_EQ(write(end_of[2][1], "x", 1), 1);
	sleep_ms(20);
	CHECK_EQ(got[2], 5);
	printf("%d %d %d\n", got[0], got[1], got[2]);
	return 0;
}
