// rule: a thread that overruns its stack hits the guard: SIGSEGV, not its neighbour's memory
// exit: signal 11
// stderr: ignore
// cflags: -Wno-infinite-recursion -fno-optimize-sibling-calls
#include "../check.h"

static int overrun(int n)
{
	volatile char block[1024];
	block[0] = n;
	return overrun(n + 1) + block[0];
}
static void *worker(void *arg)
{
	return (void *)(intptr_t)overrun((intptr_t)arg);
}

int main(void)
{
	pthread_t t[2];
	pthread_attr_t attr;
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setstacksize(&attr, 64 * 1024));
	printf("before\n");
	fflush(stdout);
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_create(&t[i], &attr, worker, NULL));
	for (int i = 0; i < 2; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	return 0;
}
