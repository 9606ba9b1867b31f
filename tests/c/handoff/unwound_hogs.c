// rule: threads that compute may end by pthread_exit(3) or be cancelled whenever that takes long, as a process's first time does, which loads the unwinder; cleanup handlers run
// source: pthread_exit(3); pthread_cancel(3)
// env: GEVENTRS_SLICE=1
// timeout: 60
#include "hog.h"

enum { CHILDREN = 12, N = 4 };
static atomic_int begun, cleaned;

static void clean(void *arg)
{
	(void)arg;
	atomic_fetch_add(&cleaned, 1);
}

static void *computes(void *arg)
{
	intptr_t n = (intptr_t)arg;
	pthread_cleanup_push(clean, NULL);
	atomic_fetch_add(&begun, 1);
	for (int i = 0;; i++) {
		compute_ms(3);
		if (n % 2 && i == 3)
			pthread_exit((void *)n);
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return arg;
}

static void child(void)
{
	pthread_t t[N];
	for (int i = 0; i < N; i++)
		t[i] = start(computes, i);
	while (atomic_load(&begun) < N)
		sched_yield();
	compute_ms(5);
	for (int i = 0; i < N; i += 2)
		CHECK_OK(pthread_cancel(t[i]));
	for (int i = 0; i < N; i++)
		CHECK(join(t[i]) == (i % 2 ? (void *)(intptr_t)i : PTHREAD_CANCELED));
	CHECK_EQ(atomic_load(&cleaned), N);
	_exit(0);
}

int main(void)
{
	int status;
	hog_init();
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();
		CHECK(pid >= 0);
		if (pid == 0)
			child();
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		CHECK_EQ(status, 0);
	}
	puts("unwound");
	return 0;
}
