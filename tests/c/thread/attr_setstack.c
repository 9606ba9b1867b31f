// rule: a thread made with pthread_attr_setstack() runs on that memory and leaves it to the caller
// one-thread: yes
#include "../check.h"
#include <sys/mman.h>

#define SIZE (256 * 1024)
static char *stack;
static void *worker(void *arg)
{
	pthread_attr_t attr;
	void *addr;
	size_t size;
	volatile char local[4096];
	for (size_t i = 0; i < sizeof local; i++)
		local[i] = 0x5a;
	CHECK((char *)local > stack && (char *)local < stack + SIZE);
	sched_yield();
	CHECK_OK(pthread_getattr_np(pthread_self(), &attr));
	CHECK_OK(pthread_attr_getstack(&attr, &addr, &size));
	CHECK(addr == stack);
	CHECK_EQ(size, SIZE);
	pthread_attr_destroy(&attr);
	for (size_t i = 0; i < sizeof local; i++)
		CHECK_EQ(local[i], 0x5a);
	return arg;
}

int main(void)
{
	pthread_attr_t attr;
	pthread_t t;
	void *r, *addr;
	size_t size;
	stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(stack != MAP_FAILED);
	CHECK_OK(pthread_attr_init(&attr));
	CHECK_OK(pthread_attr_setstack(&attr, stack, SIZE));
	CHECK_OK(pthread_attr_getstack(&attr, &addr, &size));
	CHECK(addr == stack && size == SIZE);
	for (int round = 0; round < 50; round++) {
		CHECK_OK(pthread_create(&t, &attr, worker, (void *)(intptr_t)round));
		CHECK_OK(pthread_join(t, &r));
		CHECK_EQ((intptr_t)r, round);
		/* After the join the memory is the caller's again. */
		memset(stack, round, SIZE);
	}
	/* It was used, and it is still mapped. */
	CHECK_EQ(munmap(stack, SIZE), 0);
	printf("own stack\n");
	return 0;
}
