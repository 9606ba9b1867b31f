// rule: a signal's handler may end a thread that computes (pthread_exit) and may leave by siglongjmp, again and again
#include "hog.h"
#include <setjmp.h>

enum { N = 8 };
static __thread sigjmp_buf back;
static __thread volatile int left;
static atomic_int jumped, ready;

static void jumps(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

static void ends(int signal)
{
	pthread_exit((void *)(intptr_t)signal);
}

static void *spins(void *arg)
{
	if (sigsetjmp(back, 1)) {
		left++;
		atomic_fetch_add(&jumped, 1);
	}
	atomic_fetch_add(&ready, 1);
	for (;;)
		__asm__ volatile("");
	return arg;
}

int main(void)
{
	pthread_t t[N];
	struct sigaction a = {.sa_handler = jumps}, b = {.sa_handler = ends};
	sigaction(SIGUSR1, &a, NULL);
	sigaction(SIGUSR2, &b, NULL);
	for (int i = 0; i < N; i++)
		t[i] = start(spins, i);
	for (int round = 1; round <= 4; round++) {
		while (atomic_load(&ready) < N * round)
			sleep_ms(1);
		for (int i = 0; i < N; i++)
			CHECK_OK(pthread_kill(t[i], SIGUSR1));
	}
	while (atomic_load(&ready) < N * 5)
		sleep_ms(1);
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_kill(t[i], SIGUSR2));
	for (int i = 0; i < N; i++)
		CHECK_EQ((intptr_t)join(t[i]), SIGUSR2);
	printf("%d jumps\n", atomic_load(&jumped));
	return 0;
}
