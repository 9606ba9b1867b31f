// rule: sigaltstack(2): a handler on the alternate stack may be left by siglongjmp, and the stack is free again; nested handlers stay on it; SS_AUTODISARM; a new thread has none
#include "sig.h"
#include <setjmp.h>
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif
static __thread sigjmp_buf back;
static __thread char *low, *high;
static __thread volatile int depth, deepest, leaves;
static int on_it(void)
{
	char here;
	return &here >= low && &here < high;
}
static void on(int s)
{
	stack_t now;
	CHECK_EQ(on_it(), 1);
	CHECK_EQ(sigaltstack(NULL, &now), 0);
	CHECK_EQ(now.ss_flags, SS_ONSTACK);
	if (++depth > deepest)
		deepest = depth;
	if (s == SIGUSR1)
		raise(SIGUSR2);
	sched_yield();
	depth--;
	if (leaves)
		siglongjmp(back, 1);
}
static void on_auto(int s)
{
	stack_t now;
	(void)s;
	CHECK_EQ(on_it(), 1);
	CHECK_EQ(sigaltstack(NULL, &now), 0);
	CHECK_EQ(now.ss_flags, SS_DISABLE);
	sched_yield();
	depth++;
}
static void *worker(void *arg)
{
	stack_t old, s = { .ss_sp = malloc(65536), .ss_size = 65536 };
	CHECK_EQ(sigaltstack(&s, &old), 0);
	CHECK_EQ(old.ss_flags, SS_DISABLE);
	low = s.ss_sp, high = low + s.ss_size;
	for (volatile int i = 0; i < 10; i++) {
		leaves = i % 2;
		if (sigsetjmp(back, 1) == 0)
			raise(i % 3 ? SIGUSR1 : SIGUSR2);
		CHECK_EQ(on_it(), 0);
		CHECK_EQ(sigaltstack(NULL, &old), 0);
		CHECK_EQ(old.ss_flags, 0);
		depth = leaves = 0;
		sched_yield();
	}
	CHECK_EQ(deepest, 2);
	s.ss_flags = SS_AUTODISARM;
	CHECK_EQ(sigaltstack(&s, NULL), 0);
	depth = 0;
	for (int i = 0; i < 3; i++) {
		raise(SIGHUP);
		CHECK_EQ(sigaltstack(NULL, &old), 0);
		CHECK_EQ(old.ss_flags, (int)SS_AUTODISARM);
		CHECK(old.ss_sp == s.ss_sp);
	}
	CHECK_EQ(depth, 3);
	s.ss_flags = SS_DISABLE;
	CHECK_EQ(sigaltstack(&s, NULL), 0);
	free(low);
	return arg;
}
int main(void)
{
	handle(SIGUSR1, on, SA_ONSTACK);
	handle(SIGUSR2, on, SA_ONSTACK);
	handle(SIGHUP, on_auto, SA_ONSTACK);
	pthread_t a = start(worker, NULL), b = start(worker, NULL);
	worker(NULL);
	end(a), end(b);
	puts("ok");
	return 0;
}
