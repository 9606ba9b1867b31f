// rule: a peer that sends and then resets the connection at once: readers that wait get every byte, then ECONNRESET, then the end
// source: recv(2), tcp(7)
// timeout: 120
/* Many readers that wait in recv and whose buffers are filled exactly; the peer, another
 * process, sends two messages to each and resets behind the second one, so that resets come
 * while the first of the bytes are being read. */
#include "../check.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { SIZE = 32, ALL = 200, ROUNDS = 15 };

static int local[ALL], remote[ALL];
static int whole, reset, ended;

static void *reader(void *arg)
{
	int i = (int)(long)arg;
	char buffer[SIZE];
	int bytes = 0;
	ssize_t got;
	while ((got = recv(local[i], buffer, SIZE, 0)) > 0) {
		bytes += got;
		/* The first message has come: the peer may go on. */
		if (bytes == SIZE)
			CHECK_EQ(send(local[i], "k", 1, MSG_NOSIGNAL), 1);
	}
	__atomic_fetch_add(&whole, bytes == 2 * SIZE, __ATOMIC_RELAXED);
	__atomic_fetch_add(&reset, got < 0 && errno == ECONNRESET, __ATOMIC_RELAXED);
	__atomic_fetch_add(&ended, recv(local[i], buffer, SIZE, 0) == 0, __ATOMIC_RELAXED);
	return NULL;
}

static void peer(int round)
{
	char message[SIZE] = "";
	struct linger now = {.l_onoff = 1};
	for (int i = 0; i < ALL; i++)
		CHECK_EQ(send(remote[i], message, SIZE, 0), SIZE);
	for (int i = 0; i < ALL; i++) {
		char k;
		CHECK_EQ(recv(remote[i], &k, 1, 0), 1);
		CHECK_EQ(setsockopt(remote[i], SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
	}
	for (int i = 0; i < ALL; i++) {
		CHECK_EQ(send(remote[i], message, SIZE, 0), SIZE);
		/* The reset comes a little later each time. */
		for (volatile int n = i * round; n > 0; n--)
			;
		CHECK_EQ(close(remote[i]), 0);
	}
}

int main(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		socklen_t size = sizeof at;
		int listener = socket(AF_INET, SOCK_STREAM, 0);
		CHECK_EQ(bind(listener, (struct sockaddr *)&at, size), 0);
		CHECK_EQ(getsockname(listener, (struct sockaddr *)&at, &size), 0);
		CHECK_EQ(listen(listener, ALL), 0);
		int go[2];
		char byte = 0;
		CHECK_EQ(pipe(go), 0);
		pid_t child = fork();
		CHECK(child >= 0);
		if (child == 0) {
			for (int i = 0; i < ALL; i++) {
				remote[i] = socket(AF_INET, SOCK_STREAM, 0);
				CHECK_EQ(connect(remote[i], (struct sockaddr *)&at, size), 0);
			}
			CHECK_EQ(read(go[0], &byte, 1), 1);
			peer(round);
			_exit(0);
		}
		/* Accepted here, after the fork: nobody shares them. */
		pthread_t threads[ALL];
		for (long i = 0; i < ALL; i++) {
			local[i] = accept(listener, NULL, NULL);
			CHECK(local[i] >= 0);
			CHECK_OK(pthread_create(&threads[i], NULL, reader, (void *)i));
		}
		CHECK_EQ(write(go[1], &byte, 1), 1);
		for (int i = 0; i < ALL; i++)
			CHECK_OK(pthread_join(threads[i], NULL));
		int status;
		CHECK_EQ(waitpid(child, &status, 0), child);
		CHECK_EQ(status, 0);
		for (int i = 0; i < ALL; i++)
			CHECK_EQ(close(local[i]), 0);
		CHECK_EQ(close(go[0]) | close(go[1]) | close(listener), 0);
	}
	printf("whole %d, reset %d, ended %d of %d\n", whole, reset, ended, ALL * ROUNDS);
	return 0;
}
