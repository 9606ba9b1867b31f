// rule: a sleeper wakes while other threads are always runnable and only yield
// one-thread: yes
#include "../check.h"

static int stop;
static void *spinner(void *arg)
{
	int64_t end = now_ms() + 10000;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		sched_yield();
		CHECK(now_ms() < end);
	}
	return arg;
}
static void *sleeper(void *arg)
{
	for (int i = 0; i < 10; i++)
		CHECK_EQ(usleep(10000), 0);
	return arg;
}

int main(void)
{
	pthread_t spin[3], s;
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&spin[i], NULL, spinner, NULL));
	CHECK_OK(pthread_create(&s, NULL, sleeper, NULL));
	CHECK_OK(pthread_join(s, NULL));
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(spin[i], NULL));
	printf("woke\n");
	return 0;
}
