// rule: thread-local variables have their initial values in every new thread, and are the thread's own
// one-thread: yes
#include "../check.h"

static __thread int initialised = 42;
static __thread int zero;
static __thread char text[32] = "initial";
static _Thread_local struct { double d; int i; } pair = { 1.5, 2 };
__thread int global_tls = 7;
static __thread char large[20000];
static __thread int aligned __attribute__((aligned(64))) = 5;

static void *worker(void *arg)
{
	intptr_t n = (intptr_t)arg;
	CHECK_EQ(initialised, 42);
	CHECK_EQ(zero, 0);
	CHECK_STR(text, "initial");
	CHECK(pair.d == 1.5);
	CHECK_EQ(global_tls, 7);
	CHECK_EQ(aligned, 5);
	CHECK_EQ((uintptr_t)&aligned % 64, 0);
	for (size_t i = 0; i < sizeof large; i += 100)
		CHECK_EQ(large[i], 0);
	initialised = zero = global_tls = aligned = n;
	snprintf(text, sizeof text, "thread %ld", (long)n);
	memset(large, 0x55, sizeof large);
	pair.d = n;
	sched_yield();
	CHECK_EQ(initialised, n);
	CHECK_EQ(zero, n);
	CHECK_EQ(global_tls, n);
	CHECK_EQ(aligned, n);
	CHECK_EQ(atol(text + 7), n);
	CHECK(pair.d == n);
	CHECK_EQ(large[19999], 0x55);
	return &initialised;
}

int main(void)
{
	pthread_t t[10];
	initialised = -1;
	strcpy(text, "main");
	for (int round = 0; round < 100; round++) {
		for (intptr_t i = 0; i < 10; i++)
			CHECK_OK(pthread_create(&t[i], NULL, worker, (void *)(round * 10 + i + 100)));
		for (int i = 0; i < 10; i++)
			CHECK_OK(pthread_join(t[i], NULL));
	}
	CHECK_EQ(initialised, -1);
	CHECK_STR(text, "main");
	CHECK_EQ(zero, 0);
	printf("1000 threads\n");
	return 0;
}
