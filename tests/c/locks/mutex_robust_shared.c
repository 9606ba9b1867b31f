// rule: a robust process-shared mutex gives EOWNERDEAD when its holder's thread ends or its process dies, with and without waiters; then as pthread_mutex_consistent(3) says
// env: GEVENTRS_SLICE=5000
// variant: recursive -DTYPE=PTHREAD_MUTEX_RECURSIVE
// variant: errorcheck -DTYPE=PTHREAD_MUTEX_ERRORCHECK
#include "../ipc/ticks.h"

#define N 5
static pthread_mutex_t *m;
static volatile int *told;
static void *dies_with_it(void *arg)
{
	CHECK_OK(pthread_mutex_lock(m));
	*told = 1;
	if (arg)
		sleep_ms(BLOCKED_MS);
	return NULL;
}
static void *holds_all(void *arg)
{
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_mutex_lock(&m[i]));
	*told = 1;
	for (;;)
		sleep_ms(1000);
	return arg;
}
static void *locks_and_waits(void *arg)
{
	CHECK_OK(pthread_mutex_lock(m));
	*told = 1;
	for (;;)
		sleep_ms(1000);
	return arg;
}
static void *idle(void *arg)
{
	sleep_ms(60000);
	return arg;
}
static void wait_told(void)
{
	while (!*told)
		sleep_ms(1);
	*told = 0;
}
/* A process one of whose threads (not the first) holds the mutexes. */
static pid_t process(void *(*holder)(void *))
{
	pid_t child = fork();
	if (child == 0) {
		pthread_t t, other;
		CHECK_OK(pthread_create(&other, NULL, idle, NULL));
		CHECK_OK(pthread_create(&t, NULL, holder, NULL));
		CHECK_OK(pthread_join(t, NULL));
		_exit(1);
	}
	wait_told();
	return child;
}
static void kill_it(void *arg)
{
	pid_t child = *(pid_t *)arg;
	int status;
	CHECK_EQ(kill(child, SIGKILL), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSIGNALED(status));
}
static void *tries(void *arg)
{
	CHECK_RC(pthread_mutex_trylock(m), EBUSY);
	CHECK_RC(pthread_mutex_unlock(m), EPERM);
	struct timespec ts = ts_in(CLOCK_REALTIME, 50), bad = {0, -1};
	CHECK_RC(pthread_mutex_timedlock(m, &ts), ETIMEDOUT);
	ts = ts_in(CLOCK_MONOTONIC, 50);
	CHECK_RC(pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &ts), ETIMEDOUT);
	CHECK_RC(pthread_mutex_timedlock(m, &bad), EINVAL);
	return arg;
}

int main(void)
{
	pthread_mutexattr_t a;
	pthread_t t;
	pid_t child;
	m = shared_memory(N * sizeof *m);
	told = shared_memory(sizeof *told);
	CHECK_OK(pthread_mutexattr_init(&a));
	CHECK_OK(pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED));
	CHECK_OK(pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST));
#ifdef TYPE
	CHECK_OK(pthread_mutexattr_settype(&a, TYPE));
#endif
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_mutex_init(&m[i], &a));
	/* Held from before there is a second thread. */
	CHECK_OK(pthread_mutex_lock(&m[1]));
	ticks_start();
	CHECK_OK(pthread_mutex_unlock(&m[1]));
	CHECK_RC(pthread_mutex_unlock(&m[1]), EPERM);

	/* What the holder gets, and what others get. */
	CHECK_OK(pthread_mutex_lock(m));
#ifdef TYPE
	int again = TYPE == PTHREAD_MUTEX_RECURSIVE ? 0 : EDEADLK;
	CHECK_RC(pthread_mutex_lock(m), again);
	CHECK_RC(pthread_mutex_trylock(m), again);
	if (!again) {
		CHECK_OK(pthread_mutex_unlock(m));
		CHECK_OK(pthread_mutex_unlock(m));
	}
#else
	CHECK_RC(pthread_mutex_trylock(m), EBUSY);
#endif
	CHECK_OK(pthread_create(&t, NULL, tries, NULL));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_mutex_unlock(m));

	/* A thread ends, before and while somebody waits. */
	for (int waiting = 0; waiting < 2; waiting++) {
		CHECK_OK(pthread_create(&t, NULL, dies_with_it, (void *)(intptr_t)waiting));
		wait_told();
		if (waiting) {
			TICKS_DURING(CHECK_RC(pthread_mutex_lock(m), EOWNERDEAD));
		} else {
			CHECK_OK(pthread_join(t, NULL));
			CHECK_RC(pthread_mutex_trylock(m), EOWNERDEAD);
		}
		if (waiting)
			CHECK_OK(pthread_join(t, NULL));
		CHECK_OK(pthread_mutex_consistent(m));
		CHECK_OK(pthread_mutex_unlock(m));
	}

	/* A process is killed that holds several; in another order than taken. */
	child = process(holds_all);
	CHECK_RC(pthread_mutex_trylock(&m[2]), EBUSY);
	kill_it(&child);
	for (int i = 0; i < N; i++) {
		int k = (i * 3) % N;
		CHECK_RC(pthread_mutex_lock(&m[k]), EOWNERDEAD);
		CHECK_OK(pthread_mutex_consistent(&m[k]));
	}
	for (int i = 0; i < N; i++)
		CHECK_OK(pthread_mutex_unlock(&m[i]));

	/* While a thread of another process waits. */
	child = process(locks_and_waits);
	t = later(kill_it, &child);
	TICKS_DURING(CHECK_RC(pthread_mutex_lock(m), EOWNERDEAD));
	CHECK_OK(pthread_join(t, NULL));
	CHECK_OK(pthread_mutex_consistent(m));
	CHECK_OK(pthread_mutex_unlock(m));

	/* A child's end gives up nothing of its parent's. */
	CHECK_OK(pthread_mutex_lock(m));
	child = fork();
	if (child == 0) {
		CHECK_RC(pthread_mutex_unlock(m), EPERM);
		CHECK_OK(pthread_create(&t, NULL, tries, NULL));
		CHECK_OK(pthread_join(t, NULL));
		_exit(0);
	}
	reap(child);
	CHECK_OK(pthread_mutex_unlock(m));

	/* Unlocked without having been made consistent: lost for all. */
	child = process(locks_and_waits);
	kill_it(&child);
	CHECK_RC(pthread_mutex_lock(m), EOWNERDEAD);
	CHECK_OK(pthread_mutex_unlock(m));
	CHECK_RC(pthread_mutex_lock(m), ENOTRECOVERABLE);
	child = fork();
	if (child == 0)
		_exit(pthread_mutex_trylock(m) == ENOTRECOVERABLE ? 0 : 1);
	reap(child);
	CHECK_RC(pthread_mutex_consistent(m), EINVAL);
	CHECK_OK(pthread_mutex_destroy(m));
	CHECK_OK(pthread_mutex_init(m, &a));
	CHECK_OK(pthread_mutex_lock(m));
	CHECK_OK(pthread_mutex_unlock(m));
	ticks_end();
	printf("robust\n");
	return 0;
}
