// rule: sleepers wake in the order of their deadlines, whatever the order they went to sleep in
// one-thread: yes
#include "../check.h"

#define N 8
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static int order[N], woken;
static void *sleeper(void *arg)
{
	int n = (intptr_t)arg;
	int64_t t0 = now_ns();
	sleep_ms(150 * (n + 1));
	CHECK_WAITED(t0, 150 * (n + 1));
	pthread_mutex_lock(&m);
	order[woken++] = n;
	pthread_mutex_unlock(&m);
	return NULL;
}

int main(void)
{
	static const int start[N] = { 5, 2, 7, 0, 6, 3, 1, 4 };
	pthread_t t[N];
	int64_t t0 = now_ns();
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, sleeper, (void *)(intptr_t)start[i]));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	CHECK_WAITED(t0, 150 * N);
	for (int i = 0; i < N; i++)
		printf("%d ", order[i]);
	printf("\n");
	check_os_threads(1);
	return 0;
}
