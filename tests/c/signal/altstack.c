// rule: sigaltstack(2): per thread; SA_ONSTACK handlers run there, others where the thread was
#include "sig.h"
static __thread char *low, *high;
static volatile int count;
static void on(int s)
{
	char here;
	stack_t now;
	(void)s;
	CHECK_EQ(sigaltstack(NULL, &now), 0);
	CHECK((&here >= low && &here < high) == (s == SIGSEGV));
	CHECK_EQ(now.ss_flags, s == SIGSEGV ? SS_ONSTACK : 0);
	if (s == SIGSEGV) {
		stack_t off = { .ss_flags = SS_DISABLE };
		CHECK_ERRNO(sigaltstack(&off, NULL), EPERM);
	}
	sched_yield();
	count++;
}
static void *worker(void *arg)
{
	stack_t old, s = { .ss_sp = malloc(65536), .ss_size = 65536 }, small = { .ss_sp = s.ss_sp, .ss_size = 100 };
	CHECK_EQ(sigaltstack(NULL, &old), 0);
	CHECK_EQ(old.ss_flags, SS_DISABLE);
	CHECK_ERRNO(sigaltstack(&small, NULL), ENOMEM);
	small.ss_flags = 77;
	CHECK_ERRNO(sigaltstack(&small, NULL), EINVAL);
	CHECK_EQ(sigaltstack(&s, NULL), 0);
	low = s.ss_sp, high = low + s.ss_size;
	for (int i = 0; i < 3; i++) {
		sched_yield();
		CHECK_EQ(sigaltstack(NULL, &old), 0);
		CHECK(old.ss_sp == s.ss_sp && old.ss_size == s.ss_size && old.ss_flags == 0);
		CHECK_OK(pthread_kill(pthread_self(), SIGSEGV));
		raise(SIGUSR1);
	}
	s.ss_flags = SS_DISABLE;
	CHECK_EQ(sigaltstack(&s, &old), 0);
	CHECK(old.ss_sp == low);
	free(low);
	return arg;
}
int main(void)
{
	handle(SIGSEGV, on, SA_ONSTACK);
	handle(SIGUSR1, on, 0);
	pthread_t a = start(worker, NULL), b = start(worker, NULL);
	worker(NULL);
	end(a), end(b);
	CHECK_EQ(count, 18);
	puts("ok");
	return 0;
}
