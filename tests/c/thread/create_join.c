// rule: pthread_join() waits for the thread and gives the value it returned or passed to pthread_exit()
// cflags: -Wno-infinite-recursion
// one-thread: yes
#include "../check.h"

static void *by_return(void *arg) { return (char *)arg + 1; }
static void *by_exit(void *arg)
{
	pthread_exit((char *)arg + 2);
}
static void *late(void *arg)
{
	sleep_ms(100);
	*(int *)arg = 7;
	return NULL;
}
static int levels;
static void deep(int n, void *value)
{
	levels++;
	if (n == 0)
		pthread_exit(value);
	deep(n - 1, value);
	__asm__ volatile("" ::: "memory");
}
static void *by_deep_exit(void *arg)
{
	deep(50, arg);
	return NULL;
}
static void *parent(void *arg)
{
	/* A thread may join threads that it created itself, or that others did. */
	pthread_t t;
	void *r;
	(void)arg;
	CHECK_OK(pthread_create(&t, NULL, by_return, (void *)10));
	CHECK_OK(pthread_join(t, &r));
	return (char *)r + 100;
}

int main(void)
{
	pthread_t t[20];
	void *r;
	int flag = 0;

	CHECK_OK(pthread_create(&t[0], NULL, by_return, (void *)41));
	CHECK_OK(pthread_join(t[0], &r));
	CHECK_EQ((intptr_t)r, 42);

	CHECK_OK(pthread_create(&t[0], NULL, by_exit, (void *)41));
	CHECK_OK(pthread_join(t[0], &r));
	CHECK_EQ((intptr_t)r, 43);

	CHECK_OK(pthread_create(&t[0], NULL, by_deep_exit, (void *)-5));
	CHECK_OK(pthread_join(t[0], &r));
	CHECK_EQ((intptr_t)r, -5);

	/* The join waits, and everything that the thread wrote is there. */
	CHECK_OK(pthread_create(&t[0], NULL, late, &flag));
	CHECK_OK(pthread_join(t[0], NULL));
	CHECK_EQ(flag, 7);

	/* A thread that ended long ago keeps its value. */
	CHECK_OK(pthread_create(&t[0], NULL, by_return, (void *)1));
	sleep_ms(100);
	CHECK_OK(pthread_join(t[0], &r));
	CHECK_EQ((intptr_t)r, 2);

	/* In the opposite order. */
	for (intptr_t i = 0; i < 20; i++)
		CHECK_OK(pthread_create(&t[i], NULL, i % 2 ? by_return : by_exit, (void *)(i * 10)));
	for (intptr_t i = 19; i >= 0; i--) {
		CHECK_OK(pthread_join(t[i], &r));
		printf("%ld ", (long)(intptr_t)r);
	}
	printf("\n");

	CHECK_OK(pthread_create(&t[0], NULL, parent, NULL));
	CHECK_OK(pthread_join(t[0], &r));
	CHECK_EQ((intptr_t)r, 111);
	check_os_threads(1);
	return 0;
}
