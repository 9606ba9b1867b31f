// rule: any thread may create threads, and a tree of them ends with its leaves counted once each
// one-thread: yes
#include "../check.h"

static void *node(void *arg)
{
	intptr_t depth = (intptr_t)arg;
	pthread_t kids[3];
	intptr_t sum = 0;
	void *r;
	if (depth == 0)
		return (void *)1;
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&kids[i], NULL, node, (void *)(depth - 1)));
	for (int i = 0; i < 3; i++) {
		CHECK_OK(pthread_join(kids[i], &r));
		sum += (intptr_t)r;
	}
	check_os_threads(1);
	return (void *)sum;
}

int main(void)
{
	pthread_t t;
	void *r;
	CHECK_OK(pthread_create(&t, NULL, node, (void *)5));
	CHECK_OK(pthread_join(t, &r));
	printf("leaves: %ld\n", (long)(intptr_t)r);
	return 0;
}
