// rule: fork(2) is safe while other threads are inside malloc and stdio; the child may use both
#include "hog.h"

enum { N = 12 };

static void *churns(void *arg)
{
	unsigned seed = (unsigned)(intptr_t)arg;
	void *block[16] = {0};
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed)) {
		seed = seed * 1103515245 + 12345;
		void **b = &block[seed >> 20 & 15];
		free(*b);
		*b = malloc(1200 + (seed >> 8 & 8191));
	}
	for (int i = 0; i < 16; i++)
		free(block[i]);
	return arg;
}

static void *opens(void *arg)
{
	while (!atomic_load_explicit(&hog_stop, memory_order_relaxed)) {
		FILE *f = fopen("/dev/null", "w");
		CHECK(f != NULL);
		fputs("text", f);
		fclose(f);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		t[i] = start(i % 6 == 5 ? opens : churns, i);
	for (int i = 0; i < 6; i++) {
		int status;
		sleep_ms(10);
		pid_t pid = fork();
		CHECK(pid >= 0);
		if (pid == 0) {
			for (int k = 0; k < 30; k++)
				free(malloc(k * 300));
			FILE *f = fopen("/dev/null", "w");
			CHECK(f != NULL && fclose(f) == 0);
			_exit(9);
		}
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	}
	atomic_store(&hog_stop, 1);
	for (int i = 0; i < N; i++)
		join(t[i]);
	puts("forked");
	return 0;
}
