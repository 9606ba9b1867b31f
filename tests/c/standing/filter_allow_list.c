// rule: a thread whose filter allows what it needs and refuses everything else reads, sleeps, takes locks and ends, and other threads go on
// source: seccomp(2)
// timeout: 60
#include "filter.h"
#include <poll.h>

static int in[2], out[2];
static atomic_int ticks, ended;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;

#define ALLOW(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), ANSWER(SECCOMP_RET_ALLOW)

static void *worker(void *arg)
{
	struct sock_filter f[] = {
		LOAD_NR,
		ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_futex), ALLOW(SYS_exit),
		ALLOW(SYS_exit_group), ALLOW(SYS_rt_sigprocmask), ALLOW(SYS_rt_sigaction),
		ALLOW(SYS_rt_sigreturn), ALLOW(SYS_clock_nanosleep), ALLOW(SYS_nanosleep),
		ALLOW(SYS_clock_gettime), ALLOW(SYS_restart_syscall), ALLOW(SYS_ppoll),
#ifdef SYS_poll
		ALLOW(SYS_poll),
#endif
		ALLOW(SYS_mmap), ALLOW(SYS_munmap), ALLOW(SYS_madvise), ALLOW(SYS_mprotect),
		ALLOW(SYS_brk), ALLOW(SYS_sched_yield), ALLOW(SYS_set_robust_list), ALLOW(SYS_gettid),
		ANSWER(SECCOMP_RET_ERRNO | EPERM),
	};
	CHECK_EQ(filter_set(f, sizeof f / sizeof *f, 0), 0);
	for (int i = 0; i < 20; i++) {
		char c;
		struct pollfd p = { in[0], POLLIN, 0 };
		CHECK_ERRNO(syscall(SYS_getppid), EPERM);
		CHECK_ERRNO(open("/dev/null", O_RDONLY), EPERM);
		if (i % 3 == 0)
			CHECK_EQ(poll(&p, 1, -1), 1);
		CHECK_EQ(read(in[0], &c, 1), 1);
		CHECK_EQ(c, 'a' + i);
		sleep_ms(2);
		CHECK_OK(pthread_mutex_lock(&mutex));
		turn++;
		CHECK_OK(pthread_cond_broadcast(&cond));
		while (turn % 2)
			CHECK_OK(pthread_cond_wait(&cond, &mutex));
		CHECK_OK(pthread_mutex_unlock(&mutex));
		compute_ms(i == 7 ? 35 : 0);
		CHECK_EQ(write(out[1], &c, 1), 1);
		free(malloc(1000 + 3000 * (size_t)i));
	}
	ended = 1;
	return arg;
}
static void *ticker(void *arg)
{
	while (!ended) {
		ticks++;
		sleep_ms(2);
		CHECK(syscall(SYS_getppid) >= 0);
	}
	return arg;
}

int main(void)
{
	hog_init();
	CHECK_EQ(pipe(in), 0);
	CHECK_EQ(pipe(out), 0);
	pthread_t t = start(worker, 0), u = start(ticker, 0);
	for (int i = 0; i < 20; i++) {
		char c = (char)('a' + i);
		sleep_ms(3);
		CHECK_EQ(write(in[1], &c, 1), 1);
		CHECK_OK(pthread_mutex_lock(&mutex));
		while (turn % 2 == 0)
			CHECK_OK(pthread_cond_wait(&cond, &mutex));
		turn++;
		CHECK_OK(pthread_cond_broadcast(&cond));
		CHECK_OK(pthread_mutex_unlock(&mutex));
		CHECK_EQ(read(out[0], &c, 1), 1);
		CHECK_EQ(c, 'a' + i);
	}
	join(t);
	join(u);
	CHECK(ticks >= ENOUGH_TICKS);
	puts("allowed");
	return 0;
}
