// rule: a thread's default stack has room for a recursion of 200 KB and more, and keeps it across switches
// one-thread: yes
#include "../check.h"

static long descend(int n)
{
	volatile char block[1024];
	memset((char *)block, n & 127, sizeof block);
	if (n == 0) {
		for (int i = 0; i < 5; i++)
			sched_yield();
		return 0;
	}
	long below = descend(n - 1);
	for (size_t i = 0; i < sizeof block; i += 64)
		CHECK_EQ(block[i], n & 127);
	return below + 1;
}
static void *worker(void *arg)
{
	return (void *)descend((intptr_t)arg);
}

int main(void)
{
	pthread_t t[4];
	void *r;
	for (intptr_t i = 0; i < 4; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)(200 + 1000 * i)));
	for (int i = 0; i < 4; i++) {
		CHECK_OK(pthread_join(t[i], &r));
		printf("%ld KB\n", (long)r);
	}
	return 0;
}
