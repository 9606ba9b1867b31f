// rule: read(2), write(2) and their vector forms of no bytes wait for nothing and answer as the file does: 0, or EINVAL (eventfd), EISDIR, EBADF
#include "../check.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

static void *wait_for_end(void *end)
{
	char byte;
	CHECK_EQ(read(*(int *)end, &byte, 1), 0);
	return NULL;
}

static void tell(const char *file, const char *call, ssize_t result)
{
	printf("%s %s: %zd, %s\n", file, call, result, result < 0 ? strerror(errno) : "no error");
}

static void each_call(const char *file, int fd)
{
	char bytes[8];
	struct iovec none = {bytes, 0};
	tell(file, "read", read(fd, bytes, 0));
	tell(file, "readv of an empty part", readv(fd, &none, 1));
	tell(file, "readv of no part", readv(fd, NULL, 0));
	tell(file, "write", write(fd, bytes, 0));
	tell(file, "writev of an empty part", writev(fd, &none, 1));
	tell(file, "writev of no part", writev(fd, NULL, 0));
	tell(file, "readv of a bad array", readv(fd, (struct iovec *)16, 1));
	tell(file, "writev of a bad array", writev(fd, (struct iovec *)16, 1));
}

int main(void)
{
	int end[2], pair[2];
	pthread_t waiter;
	sigset_t signals;
	CHECK_OK(pipe(end));
	CHECK_OK(pthread_create(&waiter, NULL, wait_for_end, &end[0]));

	CHECK_OK(pipe(pair));
	each_call("read end", pair[0]);
	each_call("write end", pair[1]);
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	each_call("stream socket", pair[0]);
	CHECK_OK(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
	each_call("packet socket", pair[0]);
	each_call("eventfd", eventfd(0, 0));
	each_call("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	each_call("signalfd", signalfd(-1, &signals, 0));
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(master >= 0);
	CHECK_OK(grantpt(master));
	CHECK_OK(unlockpt(master));
	each_call("terminal", open(ptsname(master), O_RDWR | O_NOCTTY));
	each_call("terminal's master", master);
	each_call("null", open("/dev/null", O_RDWR));
	each_call("zero", open("/dev/zero", O_RDWR));
	each_call("directory", open("/", O_RDONLY));
	each_call("file", memfd_create("file", 0));
	each_call("no file", 777);

	CHECK_OK(close(end[1]));
	CHECK_OK(pthread_join(waiter, NULL));
	return 0;
}
