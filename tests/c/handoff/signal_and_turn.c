// rule: sigaction(2): a signal is blocked while its handler runs and no longer, also on threads that compute and take turns
#include "hog.h"

enum { N = 14 };
static atomic_int stop, handled, blocked;

static void handler(int signal)
{
	(void)signal;
	atomic_fetch_add(&handled, 1);
}

/* No call that a library could hook. */
static void *works(void *arg)
{
	uint64_t mask;
	while (!atomic_load(&stop)) {
		mask = 0;
		if (raw_syscall(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&mask, 8, 0, 0) == 0 &&
		    mask >> (SIGUSR1 - 1) & 1)
			atomic_fetch_add(&blocked, 1);
		compute_ms(1);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	struct sigaction a = {.sa_handler = handler, .sa_flags = SA_RESTART};
	sigaction(SIGUSR1, &a, NULL);
	hog_init();
	for (long i = 0; i < N; i++)
		t[i] = start(works, i);
	int64_t end = now_ms() + 1500;
	for (int i = 0; now_ms() < end; i++) {
		CHECK_EQ(kill(getpid(), SIGUSR1), 0);
		CHECK_OK(pthread_kill(t[i % N], SIGUSR1));
		usleep(300);
	}
	atomic_store(&stop, 1);
	for (int i = 0; i < N; i++)
		join(t[i]);
	CHECK(atomic_load(&handled) > 10);
	CHECK_EQ(atomic_load(&blocked), 0);
	puts("never blocked outside");
	return 0;
}
