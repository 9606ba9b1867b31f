// rule: shutdown(2): after SHUT_WR writing fails with EPIPE and the waiting peer gets the end, although it waits
#include "../io/util.h"
#include <signal.h>
#include <sys/socket.h>

static int ends[2];

static void *reader(void *unused)
{
	char c;
	long got = read(ends[0], &c, 1);
	printf("read %ld\n", got);
	return unused;
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	for (int who = 0; who < 2; who++) {
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		pthread_t t = u_spawn(reader, NULL);
		usleep(20000);
		/* From either side. */
		CHECK_EQ(shutdown(ends[who], who ? SHUT_WR : SHUT_RD), 0);
		CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
		CHECK_ERRNO(send(ends[1], "x", 1, MSG_NOSIGNAL), EPIPE);
		u_join(t);
		close(ends[0]);
		close(ends[1]);
	}
	return 0;
}
