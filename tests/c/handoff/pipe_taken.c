// rule: read(2) on a pipe waits for the next byte if somebody else has taken the one that woke it, by a system call of his own
#include "hog.h"
#include <sys/uio.h>
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

static int pipe_[2];

static void *reads(void *arg)
{
	char c;
	CHECK_EQ(read(pipe_[0], &c, 1), 1);
	return arg;
}

int main(void)
{
	CHECK(pipe(pipe_) == 0);
	for (int i = 0; i < 20; i++) {
		pthread_t t = start(reads, 0);
		char c;
		struct iovec v = {&c, 1};
		sleep_ms(3);
		CHECK_EQ(write(pipe_[1], "a", 1), 1);
		long n = raw_syscall(SYS_preadv2, pipe_[0], (long)&v, 1, -1, -1, RWF_NOWAIT);
		CHECK(n == 1 || n == -EAGAIN);
		sleep_ms(3);
		if (n == 1)
			CHECK_EQ(write(pipe_[1], "b", 1), 1);
		join(t);
	}
	puts("all");
	return 0;
}
