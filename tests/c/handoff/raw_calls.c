// rule: a thread that blocks by a system call instruction of its own (read, futex, nanosleep) keeps no other from running
#include "hog.h"
#include <linux/futex.h>

static int pipe_[2];
static uint32_t word;
static atomic_int ticks;

static void *ticker(void *arg)
{
	while (!atomic_load(&hog_stop)) {
		sleep_ms(2);
		atomic_fetch_add(&ticks, 1);
	}
	return arg;
}

static void *reads(void *arg)
{
	char c = 0;
	CHECK_EQ(raw_syscall(SYS_read, pipe_[0], (long)&c, 1, 0, 0, 0), 1);
	CHECK_EQ(c, 'x');
	return arg;
}

static void *waits(void *arg)
{
	while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 0)
		raw_syscall(SYS_futex, (long)&word, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
	return arg;
}

static void *sleeps(void *arg)
{
	struct timespec t = ts_ms(150);
	int64_t t0 = now_ns();
	CHECK_EQ(raw_syscall(SYS_nanosleep, (long)&t, 0, 0, 0, 0, 0), 0);
	CHECK_WAITED(t0, 150);
	return arg;
}

int main(void)
{
	CHECK(pipe(pipe_) == 0);
	pthread_t tick = start(ticker, 0);
	pthread_t a = start(reads, 0), b = start(waits, 0), c = start(sleeps, 0);
	for (int i = 0; i < 40; i++) { /* ticks come while all three are blocked */
		int before = atomic_load(&ticks);
		for (int64_t t0 = now_ms(); atomic_load(&ticks) == before;) {
			CHECK(now_ms() - t0 < 5000);
			sleep_ms(1);
		}
	}
	CHECK_EQ(raw_syscall(SYS_write, pipe_[1], (long)"x", 1, 0, 0, 0), 1);
	__atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
	raw_syscall(SYS_futex, (long)&word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
	join(a);
	join(b);
	join(c);
	atomic_store(&hog_stop, 1);
	join(tick);
	puts("all");
	return 0;
}
