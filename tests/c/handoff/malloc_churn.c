// rule: malloc is thread-safe: threads allocate all the time while others are created, joined, and block where no hook sees it
#include "hog.h"

enum { N = 20 };
static int pipe_[2];

static void *churns(void *arg)
{
	unsigned seed = (unsigned)(intptr_t)arg;
	unsigned char *block[64] = {0};
	long rounds = 0;
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed)) {
		seed = seed * 1103515245 + 12345;
		int i = seed >> 20 & 63;
		if (block[i]) {
			CHECK_EQ(*block[i], (unsigned char)i);
			free(block[i]);
		}
		block[i] = malloc(1200 + (seed >> 8 & 8191));
		*block[i] = (unsigned char)i;
		rounds++;
	}
	for (int i = 0; i < 64; i++)
		free(block[i]);
	CHECK(rounds > 0);
	return arg;
}

static void *reads(void *arg)
{
	char c;
	CHECK_EQ(raw_syscall(SYS_read, pipe_[0], (long)&c, 1, 0, 0, 0), 1);
	free(malloc(5000));
	return arg;
}

static void *allocates(void *arg)
{
	free(malloc(3000));
	return arg;
}

int main(void)
{
	pthread_t t[N], r[10];
	CHECK(pipe(pipe_) == 0);
	for (int i = 0; i < N; i++)
		t[i] = start(churns, i);
	int64_t t0 = now_ms();
	for (int i = 0; i < 10; i++) {
		r[i] = start(reads, i);
		sleep_ms(5);
	}
	while (now_ms() - t0 < 500)
		join(start(allocates, 0));
	for (int i = 0; i < 10; i++)
		CHECK_EQ(write(pipe_[1], "x", 1), 1);
	for (int i = 0; i < 10; i++)
		join(r[i]);
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < N; i++)
		join(t[i]);
	puts("churned");
	return 0;
}
