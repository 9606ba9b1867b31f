// rule: sigaction(2): the program's handlers of SIGSEGV, SIGBUS, SIGFPE and SIGILL get the faults of whatever thread with address and code, may repair them, or leave by siglongjmp, again and again; others go on
// cflags: -Wno-div-by-zero
#include "sig.h"
#include <setjmp.h>
#include <sys/mman.h>
static __thread sigjmp_buf back;
static __thread int leaves;
static volatile int repaired, left;
static char *page;
static void on(int s, siginfo_t *i, void *c)
{
	(void)c;
	CHECK(i->si_code > 0);
	if (leaves) {
		__atomic_fetch_add(&left, 1, __ATOMIC_RELAXED);
		siglongjmp(back, s);
	}
	char *at = (char *)((uintptr_t)i->si_addr & ~4095ul);
	CHECK_EQ(mprotect(at, 4096, PROT_READ | PROT_WRITE), 0);
	__atomic_fetch_add(&repaired, 1, __ATOMIC_RELAXED);
}
static void *worker(void *arg)
{
	stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };
	int n = (intptr_t)arg;
	if (n & 1)
		CHECK_EQ(sigaltstack(&stack, NULL), 0);
	for (int i = 0; i < 20; i++) {
		char *mine = page + 4096 * (n * 20 + i);
		mine[5] = 1; /* repaired */
		CHECK_EQ(mine[5], 1);
		if (i % 3 == 0)
			sleep_ms(1);
		leaves = 1;
		switch (sigsetjmp(back, 1)) {
		case 0:
			if (i % 2)
				*(volatile int *)8 = 1;
			else
				__builtin_trap();
			check_fail(__FILE__, __LINE__, "no fault");
		case SIGSEGV:
			CHECK(i % 2);
			break;
		case SIGILL:
			CHECK(i % 2 == 0);
			break;
		}
		leaves = 0;
		CHECK_EQ(is_blocked(SIGSEGV), 0);
		CHECK_EQ(is_blocked(SIGILL), 0);
	}
	stack.ss_flags = SS_DISABLE;
	if (n & 1)
		CHECK_EQ(sigaltstack(&stack, NULL), 0);
	free(stack.ss_sp);
	return arg;
}
int main(void)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	for (int s = 0; s < 4; s++)
		CHECK_EQ(sigaction((int[]){ SIGSEGV, SIGBUS, SIGFPE, SIGILL }[s], &sa, NULL), 0);
	page = mmap(NULL, 4096 * 100, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED);
	pthread_t t[4];
	for (intptr_t i = 0; i < 4; i++)
		t[i] = start(worker, (void *)i);
	worker((void *)4);
	for (int i = 0; i < 4; i++)
		end(t[i]);
	printf("repaired %d, left %d\n", repaired, left);
	return 0;
}
