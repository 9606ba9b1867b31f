// rule: getcontext(3), swapcontext(3): a context carries the thread's signal mask; switching contexts changes the mask of the calling thread and of no other
#include "sig.h"
#include <ucontext.h>
static __thread ucontext_t back, other;
static volatile int count;
static void on(int s) { (void)s; __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED); }
static void routine(void)
{
	for (;;) {
		CHECK_EQ(is_blocked(SIGUSR1), 1);
		CHECK_EQ(is_blocked(SIGUSR2), 0);
		sleep_ms(1);
		CHECK_EQ(swapcontext(&other, &back), 0);
	}
}
static void *worker(void *arg)
{
	char *stack = malloc(65536);
	mask(SIG_BLOCK, SIGUSR1, 0);
	CHECK_EQ(getcontext(&other), 0);
	mask(SIG_UNBLOCK, SIGUSR1, 0);
	other.uc_stack.ss_sp = stack;
	other.uc_stack.ss_size = 65536;
	other.uc_link = &back;
	makecontext(&other, routine, 0);
	for (int i = 0; i < 6; i++) {
		mask(SIG_BLOCK, SIGUSR2, 0);
		CHECK_EQ(swapcontext(&back, &other), 0);
		CHECK_EQ(is_blocked(SIGUSR1), 0);
		CHECK_EQ(is_blocked(SIGUSR2), 1);
		mask(SIG_UNBLOCK, SIGUSR2, 0);
		CHECK_OK(pthread_kill(pthread_self(), SIGUSR1));
		sched_yield();
	}
	volatile int again = 0;
	ucontext_t here;
	CHECK_EQ(getcontext(&here), 0);
	CHECK_EQ(is_blocked(SIGUSR1), 0);
	if (!again++) {
		mask(SIG_BLOCK, SIGUSR1, 0);
		sched_yield();
		setcontext(&here);
		check_fail(__FILE__, __LINE__, "setcontext returned");
	}
	free(stack);
	return arg;
}
int main(void)
{
	pthread_t t[3];
	handle(SIGUSR1, on, SA_RESTART);
	handle(SIGUSR2, on, SA_RESTART);
	for (int i = 0; i < 3; i++)
		t[i] = start(worker, NULL);
	for (int i = 0; i < 10; i++) {
		CHECK_EQ(is_blocked(SIGUSR1) + is_blocked(SIGUSR2), 0);
		sleep_ms(1);
	}
	for (int i = 0; i < 3; i++)
		end(t[i]);
	printf("%d\n", count);
	return 0;
}
