// rule: 100 threads that block by a system call instruction of their own are released by another thread, one after the other
// timeout: 40
#include "hog.h"

enum { N = 100 };
static int pipes[N][2];
static atomic_int blocked, released;

static void *reads(void *arg)
{
	long id = (long)(intptr_t)arg;
	char c;
	atomic_fetch_add(&blocked, 1);
	CHECK_EQ(raw_syscall(SYS_read, pipes[id][0], (long)&c, 1, 0, 0, 0), 1);
	CHECK_EQ(c, (char)id);
	atomic_fetch_add(&released, 1);
	return arg;
}

static void *releases(void *arg)
{
	while (atomic_load(&blocked) < N)
		sleep_ms(1);
	for (int i = 0; i < N; i++) {
		char c = (char)i;
		CHECK_EQ(write(pipes[i][1], &c, 1), 1);
		while (atomic_load(&released) <= i)
			sched_yield();
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		CHECK(pipe(pipes[i]) == 0);
	pthread_t r = start(releases, 0);
	for (int i = 0; i < N; i++)
		t[i] = start(reads, i);
	for (int i = 0; i < N; i++)
		CHECK_EQ((intptr_t)join(t[i]), i);
	join(r);
	puts("released");
	return 0;
}
