// rule: futex(2): FUTEX_WAIT on a word in shared memory is woken by another process, and by FUTEX_WAKE_OP and FUTEX_CMP_REQUEUE of this one; other threads run meanwhile
// env: GEVENTRS_SLICE=5000
#include "futex.h"
#include "../ipc/ticks.h"

static uint32_t *w;
static void wake_op(void *arg)
{
	/* w[1] = 1; wake on w[0]; if w[1] was 0, wake on w[1]. */
	(void)arg;
	CHECK_EQ(futex(&w[0], FUTEX_WAKE_OP, 1, (void *)1, &w[1], FUTEX_OP(FUTEX_OP_SET, 1, FUTEX_OP_CMP_EQ, 0)), 1);
}
static void requeue(void *arg)
{
	(void)arg;
	CHECK_EQ(futex(&w[0], FUTEX_CMP_REQUEUE, 0, (void *)1, &w[2], 0), 1);
	CHECK_EQ(futex(&w[0], FUTEX_WAKE, 1, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&w[2], FUTEX_WAKE, 1, NULL, NULL, 0), 1);
}

int main(void)
{
	pthread_t t;
	w = shared_memory(4096);
	ticks_start();
	pid_t child = fork();
	if (child == 0) {
		sleep_ms(BLOCKED_MS);
		/* The word does not change: only the wake can end the wait. */
		futex_wake_all(w, FUTEX_WAKE, 1, 0);
		_exit(0);
	}
	TICKS_DURING(CHECK_EQ(futex(w, FUTEX_WAIT, 0, NULL, NULL, 0), 0));
	reap(child);

	t = later(wake_op, NULL);
	TICKS_DURING(CHECK_EQ(futex(w, FUTEX_WAIT, 0, NULL, NULL, 0), 0));
	CHECK_OK(pthread_join(t, NULL));
	t = later(requeue, NULL);
	TICKS_DURING(CHECK_EQ(futex(w, FUTEX_WAIT_BITSET, 0, NULL, NULL, 4), 0));
	CHECK_OK(pthread_join(t, NULL));

	struct timespec ts = ts_ms(BLOCKED_MS);
	TICKS_DURING(CHECK_ERRNO(futex(w, FUTEX_WAIT, 0, &ts, NULL, 0), ETIMEDOUT));
	ts = ts_in(CLOCK_MONOTONIC, BLOCKED_MS);
	TICKS_DURING(CHECK_ERRNO(futex(w, FUTEX_WAIT_BITSET, 0, &ts, NULL, 4), ETIMEDOUT));
	CHECK_ERRNO(futex(w, FUTEX_WAIT, 1, NULL, NULL, 0), EAGAIN);
	ticks_end();
	printf("woken\n");
	return 0;
}
