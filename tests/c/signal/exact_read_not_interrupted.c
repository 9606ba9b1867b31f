// rule: a signal interrupts a read that waits, never one for which the bytes are there, whatever the reader's habit was
// source: signal(7), recv(2)
// timeout: 60
#include "../io/util.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

enum { SIZE = 8, ROUNDS = 300, HABIT = 5, CROWD = 20 };

static volatile int firsts, handled, over;
static pthread_t reader;

static void handler(int signal)
{
	(void)signal;
	handled++;
}

/* Signals the reader when it has got the first of two messages. */
static void *signals(void *unused)
{
	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		while (firsts == round)
			sched_yield();
		CHECK_OK(pthread_kill(reader, SIGUSR1));
	}
	return NULL;
}

/* So that there is something between a signal and what follows from it. */
static void *crowd(void *unused)
{
	while (!over) {
		for (volatile int i = 0; i < 400000; i++)
			;
		sched_yield();
	}
	return unused;
}

static void client(int port)
{
	char two[2 * SIZE] = "", reply[SIZE];
	int fd = u_connect(port);
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < HABIT; i++) {
			CHECK_EQ(send(fd, two, SIZE, 0), SIZE);
			CHECK_EQ(recv(fd, reply, SIZE, MSG_WAITALL), SIZE);
		}
		CHECK_EQ(send(fd, two, sizeof two, 0), 2 * SIZE);
		CHECK_EQ(recv(fd, reply, SIZE, MSG_WAITALL), SIZE);
	}
	CHECK_EQ(recv(fd, reply, SIZE, 0), 0);
	_exit(0);
}

/* A message that may have to be waited for. */
static void receive(int fd)
{
	char message[SIZE];
	ssize_t got;
	while ((got = recv(fd, message, SIZE, 0)) < 0)
		CHECK_EQ(errno, EINTR);
	CHECK_EQ(got, SIZE);
}

int main(void)
{
	int port, listener = u_listen(1, &port), status;
	pid_t child = fork();
	if (child == 0)
		client(port);
	int fd = accept(listener, NULL, NULL);
	CHECK(fd >= 0);
	/* Not restarted. */
	struct sigaction action = {.sa_handler = handler};
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	reader = pthread_self();
	pthread_t other, many[CROWD];
	for (int i = 0; i < CROWD; i++)
		CHECK_OK(pthread_create(&many[i], NULL, crowd, NULL));
	CHECK_OK(pthread_create(&other, NULL, signals, NULL));
	char message[SIZE] = "";
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < HABIT; i++) {
			receive(fd);
			CHECK_EQ(send(fd, message, SIZE, 0), SIZE);
		}
		receive(fd);
		firsts = round + 1;
		/* It came with the first. */
		CHECK_EQ(recv(fd, message, SIZE, 0), SIZE);
		CHECK_EQ(send(fd, message, SIZE, 0), SIZE);
	}
	CHECK_OK(pthread_join(other, NULL));
	over = 1;
	for (int i = 0; i < CROWD; i++)
		CHECK_OK(pthread_join(many[i], NULL));
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	CHECK(handled > 0);
	puts("none of those that were there");
	return 0;
}
