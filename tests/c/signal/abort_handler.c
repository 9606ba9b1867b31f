// rule: abort(3): from any thread it unblocks SIGABRT (glibc 2.41 does not) and runs its handler there; if that returns, the process dies of SIGABRT; if it leaves by siglongjmp, the thread goes on
// exit: signal 6
// variant: blocked -DBLOCKED
#include "sig.h"
#include <setjmp.h>
static __thread sigjmp_buf back;
static __thread int leaves;
static void on(int s)
{
	(void)s;
	if (write(1, "handler\n", 8) != 8)
		_exit(1);
	if (leaves)
		siglongjmp(back, 1);
}
static void *worker(void *arg)
{
#ifdef BLOCKED
	mask(SIG_BLOCK, SIGABRT, 0);
#endif
	leaves = 1;
	if (sigsetjmp(back, 1) == 0)
		abort();
	if (write(1, "left\n", 5) != 5)
		_exit(1);
	leaves = 0;
	return arg;
}
static void *aborts(void *arg) { (void)arg, abort(); }
static void *sleeps(void *arg) { sleep_ms(100000); return arg; }
int main(void)
{
	handle(SIGABRT, on, 0);
	start(sleeps, NULL);
#if __GLIBC_PREREQ(2, 27) /* before, abort keeps a lock when it is left */
	end(start(worker, NULL));
#endif
	end(start(aborts, NULL));
	return 0;
}
