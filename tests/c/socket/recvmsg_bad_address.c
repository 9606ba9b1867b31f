// rule: recvmsg(2) of a message that is at no address, or whose parts are not, fails with EFAULT at once, and with too many parts with EMSGSIZE, also where nothing has come
// source: recvmsg(2)
// timeout: 20
#include "../check.h"
#include <limits.h>
#include <sys/socket.h>
#include <sys/uio.h>

static int fds[2];

static void *sends(void *unused)
{
	(void)unused;
	usleep(20000);
	CHECK_EQ(send(fds[1], "abc", 3, 0), 3);
	return NULL;
}

/* Else the only thread would be left alone with the kernel. */
static void *stays(void *unused)
{
	return pause(), unused;
}

static void fails(struct msghdr *message, int with)
{
	CHECK_EQ(recvmsg(fds[0], message, 0), -1);
	CHECK_EQ(errno, with);
}

int main(void)
{
	pthread_t sender, other;
	char buffer[8];
	struct iovec part = {.iov_base = buffer, .iov_len = sizeof buffer};
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	CHECK_OK(pthread_create(&other, NULL, stays, NULL));
	for (int i = 0; i < 3; i++) {
		struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
		/* It is drained, and known to be. */
		CHECK_OK(pthread_create(&sender, NULL, sends, NULL));
		CHECK_EQ(recvmsg(fds[0], &message, 0), 3);
		CHECK_OK(pthread_join(sender, NULL));
		fails((struct msghdr *)16, EFAULT);
		message.msg_iov = (struct iovec *)16;
		fails(&message, EFAULT);
		message.msg_iovlen = IOV_MAX + 1;
		fails(&message, EMSGSIZE);
	}
	puts("refused");
	return 0;
}
