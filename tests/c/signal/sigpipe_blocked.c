// rule: write(2), send(2), signal(7): SIGPIPE goes to the thread that writes: if that blocks it, it stays pending for that thread, whose sigtimedwait takes it, and nobody else notices
#include "sig.h"
#include <sys/socket.h>
#include <sys/uio.h>
static int pipe_fd, socket_fd;
static ssize_t by_write(void) { return write(pipe_fd, "x", 1); }
static ssize_t by_writev(void) { struct iovec v = { "x", 1 }; return writev(pipe_fd, &v, 1); }
static ssize_t by_send(void) { return send(socket_fd, "x", 1, 0); }
static ssize_t by_socket_write(void) { return write(socket_fd, "x", 1); }
static void *writer(void *arg)
{
	ssize_t (*calls[])(void) = { by_write, by_writev, by_send, by_socket_write };
	struct timespec none = { 0, 0 };
	sigset_t s = set_of(SIGPIPE, 0), pending;
	siginfo_t i;
	mask(SIG_BLOCK, SIGPIPE, 0);
	for (int n = 0; n < 4; n++) {
		CHECK_ERRNO(calls[n](), EPIPE);
		sched_yield();
		CHECK_EQ(sigpending(&pending), 0);
		CHECK_EQ(sigismember(&pending, SIGPIPE), 1);
		CHECK_EQ(sigtimedwait(&s, &i, &none), SIGPIPE);
		CHECK_ERRNO(sigtimedwait(&s, &i, &none), EAGAIN);
	}
	return arg;
}
static volatile int stop;
static void *other(void *arg)
{
	sigset_t pending;
	while (!stop) {
		CHECK_EQ(sigpending(&pending), 0);
		CHECK_EQ(sigismember(&pending, SIGPIPE), 0);
		sleep_ms(1);
	}
	return arg;
}
int main(void)
{
	int p[2];
	CHECK_EQ(pipe(p), 0);
	close(p[0]);
	pipe_fd = p[1];
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	close(p[0]);
	socket_fd = p[1];
	pthread_t o = start(other, NULL);
	end(start(writer, NULL));
	end(start(writer, NULL));
	stop = 1;
	end(o);
	puts("ok");
	return 0;
}
