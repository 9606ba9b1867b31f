// rule: malloc() and stdio work from any thread, and flockfile() keeps a stream across switches
// one-thread: yes
#include "../check.h"

#define N 8
static void *worker(void *arg)
{
	char *blocks[100];
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 100; i++) {
			blocks[i] = malloc(i * 37 + 1);
			CHECK(blocks[i] != NULL);
			memset(blocks[i], i, i * 37 + 1);
			if (i % 10 == 0)
				sched_yield();
		}
		for (int i = 0; i < 100; i++) {
			CHECK_EQ(blocks[i][i * 37], i);
			free(blocks[i]);
		}
	}
	/* A lock on a stream keeps other threads' lines out. */
	flockfile(stdout);
	fputs("[", stdout);
	sched_yield();
	fputs("whole line]\n", stdout);
	funlockfile(stdout);
	return arg;
}

int main(void)
{
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_create(&t[i], NULL, worker, NULL));
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_join(t[i], NULL));
	return 0;
}
