// rule: setcontext(3), swapcontext(3): the mask that comes into force is that of uc_sigmask, which the program may have changed since getcontext(3)
#include "sig.h"
#include <ucontext.h>

static __thread ucontext_t back, other;
static volatile int stop;

static void routine(void)
{
	for (int turn = 0;; turn++) {
		CHECK_EQ(is_blocked(SIGUSR1), turn % 2 == 0);
		CHECK_EQ(is_blocked(SIGUSR2), turn >= 2);
		CHECK_EQ(is_blocked(SIGHUP), 0);
		sleep_ms(1);
		CHECK_EQ(swapcontext(&other, &back), 0);
	}
}

static void *worker(void *arg)
{
	char *stack = malloc(65536);
	CHECK_EQ(getcontext(&other), 0);
	other.uc_stack.ss_sp = stack;
	other.uc_stack.ss_size = 65536;
	other.uc_link = &back;
	sigaddset(&other.uc_sigmask, SIGUSR1);
	makecontext(&other, routine, 0);
	mask(SIG_BLOCK, SIGHUP, 0);
	for (int turn = 0; turn < 6; turn++) {
		CHECK_EQ(swapcontext(&back, &other), 0);
		CHECK_EQ(is_blocked(SIGUSR1), 0);
		CHECK_EQ(is_blocked(SIGUSR2), 0);
		CHECK_EQ(is_blocked(SIGHUP), 1);
		/* The whole set anew. */
		sigemptyset(&other.uc_sigmask);
		if (turn % 2 == 1)
			sigaddset(&other.uc_sigmask, SIGUSR1);
		if (turn >= 1)
			sigaddset(&other.uc_sigmask, SIGUSR2);
	}
	/* One that is gone to twice. */
	ucontext_t here;
	volatile int times = 0;
	CHECK_EQ(getcontext(&here), 0);
	CHECK_EQ(is_blocked(SIGUSR2), times > 0);
	CHECK_EQ(is_blocked(SIGUSR1), times > 1);
	if (times++ < 2) {
		mask(SIG_UNBLOCK, SIGUSR2, 0);
		sigaddset(&here.uc_sigmask, times == 1 ? SIGUSR2 : SIGUSR1);
		CHECK_EQ(setcontext(&here), 0);
	}
	CHECK_EQ(is_blocked(SIGHUP), 1);
	free(stack);
	return arg;
}

static void *beside(void *arg)
{
	while (!stop) {
		CHECK_EQ(is_blocked(SIGUSR1), 0);
		CHECK_EQ(is_blocked(SIGUSR2), 0);
		sleep_ms(1);
	}
	return arg;
}

int main(void)
{
	pthread_t t[3], b;
	CHECK_OK(pthread_create(&b, NULL, beside, NULL));
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	stop = 1;
	CHECK_OK(pthread_join(b, NULL));
	/* And with one thread left. */
	worker(NULL);
	puts("as changed");
	return 0;
}
