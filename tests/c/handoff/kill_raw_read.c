// rule: signal(7): a handler ends a read that blocks with EINTR, or with SA_RESTART lets it go on, also if it is a system call instruction of the program's own
#include "hog.h"

static int pipe_[2];
static atomic_int handled, in;

static void handler(int signal)
{
	(void)signal;
	atomic_fetch_add(&handled, 1);
}

static void *reads(void *arg)
{
	char c;
	atomic_store(&in, 1);
	return (void *)(intptr_t)raw_syscall(SYS_read, pipe_[0], (long)&c, 1, 0, 0, 0);
	(void)arg;
}

static long with(int flags)
{
	struct sigaction a = {.sa_handler = handler, .sa_flags = flags};
	sigaction(SIGUSR1, &a, NULL);
	atomic_store(&handled, 0);
	atomic_store(&in, 0);
	pthread_t t = start(reads, 0);
	while (!atomic_load(&in))
		sched_yield();
	sleep_ms(80); /* it blocks now */
	CHECK_OK(pthread_kill(t, SIGUSR1));
	while (!atomic_load(&handled))
		sleep_ms(1);
	if (flags & SA_RESTART) {
		sleep_ms(20);
		CHECK_EQ(write(pipe_[1], "x", 1), 1);
	}
	return (long)(intptr_t)join(t);
}

int main(void)
{
	CHECK(pipe(pipe_) == 0);
	CHECK_EQ(with(0), -EINTR);
	CHECK_EQ(with(SA_RESTART), 1);
	puts("EINTR 1");
	return 0;
}
