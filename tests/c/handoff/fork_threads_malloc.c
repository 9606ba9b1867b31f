// rule: fork(2) is safe while other threads are inside malloc; threads that the child makes find malloc whole
// timeout: 60
#include "hog.h"

enum { HOGS = 10, FORKS = 60, THREADS = 16 };

static void *churns(void *arg)
{
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed)) {
		void *volatile block = malloc(24);
		free(block);
	}
	return arg;
}

static void *uses(void *arg)
{
	void *volatile block[8];
	for (int i = 0; i < 8; i++) {
		block[i] = malloc(24);
		CHECK(block[i] != NULL);
		memset(block[i], i, 24);
	}
	for (int i = 0; i < 8; i++)
		free(block[i]);
	return arg;
}

int main(void)
{
	pthread_t t[HOGS], c[THREADS];
	for (int i = 0; i < HOGS; i++)
		t[i] = start(churns, i);
	for (int i = 0; i < FORKS; i++) {
		int status;
		sleep_ms(3);
		pid_t pid = fork();
		CHECK(pid >= 0);
		if (pid == 0) {
			for (long k = 0; k < THREADS; k++)
				c[k] = start(uses, k);
			for (long k = 0; k < THREADS; k++)
				join(c[k]);
			_exit(9);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, 9 << 8);
	}
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < HOGS; i++)
		join(t[i]);
	puts("forked");
	return 0;
}
