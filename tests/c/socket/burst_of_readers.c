// rule: a reader gets what was sent to it and nothing else, also if many are served at once
/* Threads that wait in recv and read, all served by another process in bursts: each
 * receives exactly what was sent to it, whatever came before or behind it: a second
 * message at once, less than it asked for, an end, a reset, an empty datagram, a
 * descriptor that was duplicated meanwhile. */
#include "../check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { SIZE = 64, EACH = 8, ROUNDS = 12 };
enum kind { ONE, TWO, SHORT, END, RESET, DUP, UNIX, DATAGRAMS, KINDS };
enum { ALL = EACH * KINDS };

static int local[ALL], remote[ALL];
static long bytes[ALL], calls[ALL];
static char last[ALL][40];

static void note(int i, ssize_t got)
{
	snprintf(last[i], sizeof last[i], "%zd %s", got, got < 0 ? strerror(errno) : "");
}

static void *reader(void *arg)
{
	int i = (int)(long)arg, kind = i % KINDS;
	char buffer[SIZE];
	for (;;) {
		ssize_t got = i & 8 ? read(local[i], buffer, SIZE) : recv(local[i], buffer, SIZE, 0);
		note(i, got);
		if (got < 0 || (got == 0 && kind != DATAGRAMS))
			return NULL;
		for (ssize_t n = 0; n < got; n++)
			CHECK_EQ((unsigned char)buffer[n], (bytes[i] + n) % 251);
		bytes[i] += got;
		calls[i]++;
		if (kind == DATAGRAMS && got == 0) {
			/* The last datagram of a round is empty. */
			CHECK_EQ(calls[i] % 3, 0);
		}
		/* The peer waits until all of a round has arrived. */
		int whole = kind == DATAGRAMS ? got == 0 : kind == SHORT ? got == 10 : bytes[i] % (2 * SIZE) == 0
			|| kind != TWO;
		if (whole)
			CHECK_EQ(send(local[i], "k", 1, MSG_NOSIGNAL), 1);
	}
}

static void put(int i, long *sent, int count)
{
	unsigned char message[2 * SIZE];
	for (int n = 0; n < count; n++)
		message[n] = (unsigned char)((*sent + n) % 251);
	CHECK_EQ(send(remote[i], message, count, 0), count);
	*sent += count;
}

static void peer(void)
{
	static long sent[ALL];
	for (int i = DATAGRAMS; i < ALL; i += KINDS) {
		char hello;
		struct sockaddr_in from;
		socklen_t size = sizeof from;
		CHECK_EQ(recvfrom(remote[i], &hello, 1, 0, (struct sockaddr *)&from, &size), 1);
		CHECK_EQ(connect(remote[i], (struct sockaddr *)&from, size), 0);
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < ALL; i++) {
			switch (i % KINDS) {
			case TWO:
				put(i, &sent[i], 2 * SIZE);
				break;
			case SHORT:
				put(i, &sent[i], 10);
				break;
			case DATAGRAMS:
				put(i, &sent[i], SIZE);
				put(i, &sent[i], SIZE);
				CHECK_EQ(send(remote[i], "", 0, 0), 0);
				break;
			default:
				put(i, &sent[i], SIZE);
			}
			if (i % KINDS == END && round == ROUNDS - 1)
				CHECK_EQ(shutdown(remote[i], SHUT_WR), 0);
		}
		for (int i = 0; i < ALL; i++) {
			char k;
			CHECK_EQ(recv(remote[i], &k, 1, 0), 1);
		}
	}
	for (int i = 0; i < ALL; i++) {
		struct linger reset = {.l_onoff = 1};
		if (i % KINDS == RESET)
			CHECK_EQ(setsockopt(remote[i], SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
		if (i % KINDS == DATAGRAMS) {
			put(i, &sent[i], 1);
			continue;
		}
		CHECK_EQ(close(remote[i]), 0);
	}
}

static void connect_all(void)
{
	struct sockaddr_in tcp = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	static struct sockaddr_in udp[ALL];
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	socklen_t size = sizeof tcp;
	int tcp_listener = socket(AF_INET, SOCK_STREAM, 0), un_listener = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_EQ(bind(tcp_listener, (struct sockaddr *)&tcp, sizeof tcp), 0);
	CHECK_EQ(getsockname(tcp_listener, (struct sockaddr *)&tcp, &size), 0);
	CHECK_EQ(bind(un_listener, (struct sockaddr *)&un, sizeof(sa_family_t)), 0);
	socklen_t un_size = sizeof un;
	CHECK_EQ(getsockname(un_listener, (struct sockaddr *)&un, &un_size), 0);
	CHECK_EQ(listen(tcp_listener, ALL) | listen(un_listener, ALL), 0);
	for (int i = 0; i < ALL; i++) {
		int kind = i % KINDS;
		if (kind == DATAGRAMS) {
			remote[i] = socket(AF_INET, SOCK_DGRAM, 0);
			udp[i].sin_family = AF_INET;
			udp[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			CHECK_EQ(bind(remote[i], (struct sockaddr *)&udp[i], size), 0);
			CHECK_EQ(getsockname(remote[i], (struct sockaddr *)&udp[i], &size), 0);
			continue;
		}
		remote[i] = socket(kind == UNIX ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
		CHECK_EQ(connect(remote[i], kind == UNIX ? (void *)&un : (void *)&tcp,
		                 kind == UNIX ? un_size : size), 0);
	}
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		peer();
		_exit(0);
	}
	/* Accepted here, after the fork: nobody shares them. */
	for (int i = 0; i < ALL; i++) {
		int kind = i % KINDS;
		if (kind == DATAGRAMS) {
			local[i] = socket(AF_INET, SOCK_DGRAM, 0);
			CHECK_EQ(connect(local[i], (struct sockaddr *)&udp[i], size), 0);
			CHECK_EQ(send(local[i], "h", 1, 0), 1);
		} else
			local[i] = accept(kind == UNIX ? un_listener : tcp_listener, NULL, NULL);
		CHECK(local[i] >= 0);
		CHECK_EQ(close(remote[i]), 0);
	}
}

int main(void)
{
	pthread_t threads[ALL];
	alarm(60);
	connect_all();
	for (long i = 0; i < ALL; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, reader, (void *)i), 0);
	for (int i = DUP; i < ALL; i += KINDS) {
		usleep(1000);
		CHECK(dup(local[i]) >= 0);
	}
	int status;
	CHECK(wait(&status) > 0);
	CHECK_EQ(status, 0);
	for (int i = 0; i < ALL; i++) {
		if (i % KINDS == DATAGRAMS)
			continue;
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	}
	for (int i = 0; i < ALL; i++)
		if (i % KINDS != DATAGRAMS)
			printf("%d: %ld bytes in %ld calls, then %s\n", i % KINDS, bytes[i], calls[i], last[i]);
		else
			printf("%d: %ld bytes\n", i % KINDS, bytes[i] / SIZE);
	_exit(fflush(stdout));
}
