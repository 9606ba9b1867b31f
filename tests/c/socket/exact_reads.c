// rule: a reader that always gets exactly what it asks for misses nothing: not when more lies there than usual, not behind a peer that closes or resets, not while others compute
// source: recv(2), socket(7)
// timeout: 60
#include "../check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

/* The other end is in another process: nobody here knows what it does. */

enum { SIZE = 16, USUAL = 200, READERS = 24 };

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_un un;
};

static socklen_t at_size;
static volatile int over;
static int family;

static void send_many(int fd, int count)
{
	char messages[8 * SIZE];
	memset(messages, 'm', sizeof messages);
	CHECK_EQ(send(fd, messages, count * SIZE, 0), count * SIZE);
}

static void get_many(int fd, int count)
{
	char reply[SIZE];
	for (int i = 0; i < count; i++)
		CHECK_EQ(recv(fd, reply, SIZE, MSG_WAITALL), SIZE);
}

/* Habits, each broken once they are known. */
static void client(int fd, int number)
{
	for (int i = 0; i < USUAL; i++) {
		send_many(fd, 1);
		get_many(fd, 1);
	}
	for (int round = 0; round < 20; round++) {
		int count = 1 + (round + number) % 4;
		send_many(fd, count);
		get_many(fd, count);
	}
	for (int i = 0; i < 20; i++) {
		send_many(fd, 3);
		get_many(fd, 3);
	}
	send_many(fd, 1);
	get_many(fd, 1);
	/* The last ones, and the end at once behind them. */
	send_many(fd, 2 + number % 3);
	if (number % 2) {
		get_many(fd, 2 + number % 3);
		struct linger now = {.l_onoff = 1};
		CHECK_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	}
	CHECK_EQ(close(fd), 0);
}

static void *serve(void *arg)
{
	int fd = (int)(long)arg;
	char message[SIZE];
	long messages = 0;
	for (;;) {
		ssize_t got = recv(fd, message, SIZE, 0);
		if (got == 0 || (got < 0 && errno == ECONNRESET))
			break;
		CHECK_EQ(got, SIZE);
		messages++;
		if (send(fd, message, SIZE, MSG_NOSIGNAL) < 0)
			CHECK(errno == EPIPE || errno == ECONNRESET);
	}
	CHECK_EQ(close(fd), 0);
	return (void *)messages;
}

/* So long that the library looks at descriptors now and then only. */
static void *compute(void *unused)
{
	(void)unused;
	volatile unsigned x = 0;
	while (!over)
		for (int i = 0; i < 100000; i++)
			x += i;
	return NULL;
}

static int listening(union address *at)
{
	socklen_t size = family == AF_UNIX ? sizeof(sa_family_t) : sizeof at->in;
	int fd = socket(family, SOCK_STREAM, 0);
	memset(at, 0, sizeof *at);
	at->any.sa_family = family;
	if (family == AF_INET)
		at->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* A Unix socket gets a name of the kernel's choice. */
	CHECK_EQ(bind(fd, &at->any, size), 0);
	size = sizeof *at;
	CHECK_EQ(getsockname(fd, &at->any, &size), 0);
	at_size = size;
	CHECK_EQ(listen(fd, READERS), 0);
	return fd;
}

static void at_once(int fd)
{
	int one = 1;
	if (family == AF_INET)
		CHECK_EQ(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
}

static void together(const char *what, int computing)
{
	pthread_t readers[READERS], computes;
	pid_t clients[READERS];
	long messages = 0;
	union address at;
	int listener = listening(&at);
	for (int i = 0; i < READERS; i++) {
		clients[i] = fork();
		if (clients[i] == 0) {
			int fd = socket(family, SOCK_STREAM, 0);
			CHECK_EQ(connect(fd, &at.any, at_size), 0);
			at_once(fd);
			client(fd, i);
			_exit(0);
		}
	}
	over = 0;
	if (computing)
		CHECK_OK(pthread_create(&computes, NULL, compute, NULL));
	for (int i = 0; i < READERS; i++) {
		long fd = accept(listener, NULL, NULL);
		CHECK(fd >= 0);
		at_once(fd);
		CHECK_OK(pthread_create(&readers[i], NULL, serve, (void *)fd));
	}
	for (int i = 0; i < READERS; i++) {
		void *got;
		int status;
		CHECK_OK(pthread_join(readers[i], &got));
		messages += (long)got;
		CHECK_EQ(waitpid(clients[i], &status, 0), clients[i]);
		CHECK_EQ(status, 0);
	}
	over = 1;
	if (computing)
		CHECK_OK(pthread_join(computes, NULL));
	CHECK_EQ(close(listener), 0);
	printf("%s: %ld messages\n", what, messages);
}

int main(void)
{
	family = AF_INET;
	together("tcp", 0);
	together("tcp, while one computes", 1);
	family = AF_UNIX;
	together("unix", 0);
	together("unix, while one computes", 1);
	return 0;
}
