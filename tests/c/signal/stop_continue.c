// rule: signal(7), stop signals: after SIGSTOP and SIGCONT epoll_wait, sigtimedwait, semop and calls on sockets with a time limit end with EINTR without a handler; sleeps, polls and other calls go on
// timeout: 60
#include "sig.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const struct timespec span = {0, 900000000}, hour = {3600, 0};
static char buffer[4096];
static int epoll, event, pair[2], listening, notes, set;
static sigset_t awaited;
static sem_t sem;

static int timed_sem(void)
{
	struct timespec at;
	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_sec++;
	return sem_timedwait(&sem, &at);
}
static int do_wait(void)
{
	struct epoll_event e;
	return epoll_wait(epoll, &e, 1, -1);
}
static int do_pwait(void)
{
	struct epoll_event e;
	return epoll_pwait(epoll, &e, 1, 3600000, NULL);
}
static int do_timed_signal(void) { return sigtimedwait(&awaited, NULL, &hour); }
static int do_signal(void) { return sigwaitinfo(&awaited, NULL); }
static int do_semop(void)
{
	struct sembuf op = {0, -1, 0};
	return semop(set, &op, 1);
}
static int do_recv(void) { return recv(pair[0], buffer, 1, 0); }
static int do_send(void)
{
	while (send(pair[0], buffer, sizeof buffer, 0) > 0)
		;
	return -1;
}
static int do_accept(void) { return accept(listening, NULL, NULL); }
static int do_nanosleep(void) { return nanosleep(&span, NULL); }
static int do_poll(void) { return poll(NULL, 0, 900); }
static int do_select(void)
{
	struct timeval t = {0, 900000};
	return select(0, NULL, NULL, NULL, &t);
}
static int do_read(void) { return read(event, buffer, 8); }
static int do_inotify(void) { return read(notes, buffer, sizeof buffer); }

static const struct call {
	const char *name;
	int (*call)(void);
	int for_ever; /* if it does not end with EINTR */
} calls[] = {
	{"epoll_wait", do_wait, 0}, {"epoll_pwait", do_pwait, 0}, {"sigtimedwait", do_timed_signal, 0},
	{"sigwaitinfo", do_signal, 0}, {"semop", do_semop, 0}, {"recv in time", do_recv, 0},
	{"send in time", do_send, 0}, {"accept in time", do_accept, 0}, {"nanosleep", do_nanosleep, 0},
	{"poll", do_poll, 0}, {"select", do_select, 0}, {"sem_timedwait", timed_sem, 0},
	{"read", do_read, 1}, {"inotify", do_inotify, 1},
};

static void *make(void *arg)
{
	const struct call *c = arg;
	int r = c->call();
	printf("%s: %d %s\n", c->name, r, r < 0 ? strerrorname_(errno) : "");
	fflush(stdout);
	_exit(0);
}

int main(void)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct timeval limit = {3600, 0};
	CHECK((epoll = epoll_create1(0)) >= 0 && (event = eventfd(0, 0)) >= 0);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, event, &e), 0);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CHECK((listening = socket(AF_INET, SOCK_STREAM, 0)) >= 0);
	CHECK_EQ(listen(listening, 5), 0);
	CHECK_EQ(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	CHECK_EQ(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
	CHECK_EQ(setsockopt(listening, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	CHECK((notes = inotify_init1(0)) >= 0);
	CHECK((set = semget(IPC_PRIVATE, 1, 0600)) >= 0);
	CHECK_EQ(sem_init(&sem, 0, 0), 0);
	awaited = set_of(SIGUSR1, 0);
	mask(SIG_BLOCK, SIGUSR1, 0);
	for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
		pid_t child = fork();
		if (child == 0)
			end(start(make, (void *)&calls[i]));
		int status = 0, ended = 0;
		/* Once it waits, it is stopped in the call; before, that does nothing. */
		for (int n = 0; !ended && n < (calls[i].for_ever ? 4 : 200); n++) {
			usleep(150000);
			CHECK_EQ(kill(child, SIGSTOP), 0);
			CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
			ended = WIFEXITED(status);
			if (!ended)
				CHECK_EQ(kill(child, SIGCONT), 0);
		}
		if (!ended) {
			printf("%s goes on\n", calls[i].name);
			fflush(stdout);
			CHECK_EQ(kill(child, SIGKILL), 0);
			CHECK_EQ(waitpid(child, &status, 0), child);
		} else {
			CHECK_EQ(status, 0);
		}
	}
	CHECK_EQ(semctl(set, 0, IPC_RMID), 0);
	return 0;
}
