// rule: 1,000 threads sleep at the same time, not one after another
// one-thread: yes
#include "../check.h"

#define N 1000
static pthread_t t[N];
static void *sleeper(void *arg)
{
	int64_t t0 = now_ns();
	int ms = 100 + (intptr_t)arg % 100;
	sleep_ms(ms);
	CHECK_WAITED(t0, ms);
	return NULL;
}

int main(void)
{
	pthread_attr_t a;
	CHECK_OK(pthread_attr_init(&a));
	CHECK_OK(pthread_attr_setstacksize(&a, 64 * 1024));
	int64_t t0 = now_ns();
	for (intptr_t i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], &a, sleeper, (void *)i));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_WAITED(t0, 199); /* one after another it were 150 s */
	printf("all slept\n");
	return 0;
}
