// rule: a thread that has called unshare(CLONE_FILES) has descriptors of its own: the same number is another file there, and what it closes others keep
// source: unshare(2), close_range(2)
// timeout: 60
#include "standing.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { ROUNDS = 50 };
static int shared[2], answers[2], other[2];
static pthread_barrier_t apart;

static char get(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char c;
	CHECK_EQ(poll(&p, 1, -1), 1);
	CHECK_EQ(read(fd, &c, 1), 1);
	return c;
}

/* Reads another socket pair under the number that the others have for theirs. */
static void *has_own(void *arg)
{
	int by_range = arg != NULL;
	if (by_range)
		CHECK_EQ(syscall(436 /* close_range */, answers[0], answers[0], 2 /* CLOSE_RANGE_UNSHARE */), 0);
	else
		CHECK_EQ(unshare(CLONE_FILES), 0);
	CHECK_EQ(dup2(other[0], shared[0]), shared[0]);
	CHECK_EQ(close(other[0]), 0);
	pthread_barrier_wait(&apart);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(get(shared[0]), 'b');
		CHECK_EQ(write(answers[1], "B", 1), 1);
	}
	CHECK_ERRNO(fcntl(other[0], F_GETFD), EBADF);
	if (by_range)
		CHECK_ERRNO(fcntl(answers[0], F_GETFD), EBADF);
	return NULL;
}
static void *has_all(void *arg)
{
	pthread_barrier_wait(&apart);
	for (int i = 0; i < ROUNDS; i++) {
		CHECK_EQ(get(shared[0]), 'a');
		CHECK_EQ(write(answers[1], "A", 1), 1);
	}
	return arg;
}

int main(void)
{
	for (int range = 0; range < 2; range++) {
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, shared), 0);
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, other), 0);
		CHECK_EQ(pipe(answers), 0);
		CHECK_OK(pthread_barrier_init(&apart, NULL, 3));
		pthread_t t = start(has_own, range), u = start(has_all, 0);
		pthread_barrier_wait(&apart);
		int a = 0, b = 0;
		for (int i = 0; i < ROUNDS; i++) {
			sleep_ms(1);
			CHECK_EQ(write(i % 2 ? shared[1] : other[1], i % 2 ? "a" : "b", 1), 1);
			CHECK_EQ(write(i % 2 ? other[1] : shared[1], i % 2 ? "b" : "a", 1), 1);
			for (int j = 0; j < 2; j++) {
				char c = get(answers[0]);
				a += c == 'A';
				b += c == 'B';
			}
		}
		join(t);
		join(u);
		CHECK_EQ(a, ROUNDS);
		CHECK_EQ(b, ROUNDS);
		CHECK(fcntl(other[0], F_GETFD) >= 0);
		for (int i = 0; i < 2; i++)
			close(shared[i]), close(other[i]), close(answers[i]);
	}
	puts("files");
	return 0;
}
