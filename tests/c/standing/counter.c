// rule: a counter that a thread opens for itself (perf_event_open with pid 0, or its id) counts that thread, wherever it goes on, and no other
// source: perf_event_open(2)
// timeout: 90
#include "standing.h"
#include <linux/perf_event.h>

static struct signal_pipe go, done;
static long cpu_ms(void)
{
	return (long)clock_ms(CLOCK_THREAD_CPUTIME_ID);
}
static void use_processor(long ms)
{
	for (long end = cpu_ms() + ms; cpu_ms() < end;)
		compute_ms(1);
}
static long counted(int counter)
{
	uint64_t ns;
	CHECK_EQ(read(counter, &ns, sizeof ns), sizeof ns);
	return (long)(ns / 1000000);
}

static void *counts(void *arg)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof a, .config = PERF_COUNT_SW_TASK_CLOCK };
	int fd = lock_open();
	wander(fd, 4);
	int counter = (int)syscall(SYS_perf_event_open, &a, arg ? gettid() : 0, -1, -1, 0);
	if (counter < 0) {
		CHECK(errno == EACCES || errno == EPERM || errno == ENOSYS || errno == ENOENT);
		pipe_tell(&done); /* not allowed here: nothing to see */
		pipe_await(&go);
		close(fd);
		return NULL;
	}
	wander(fd, 8);
	long before = counted(counter);
	use_processor(150);
	long own = counted(counter) - before;
	CHECK(own >= 100);
	pipe_tell(&done);
	pipe_await(&go); /* the others compute meanwhile */
	long meanwhile = counted(counter) - before - own;
	CHECK(meanwhile < 100);
	wander(fd, 8);
	before = counted(counter);
	use_processor(150);
	CHECK(counted(counter) - before >= 100);
	close(counter);
	close(fd);
	return NULL;
}
static void *computes(void *arg)
{
	use_processor(200);
	return arg;
}

int main(void)
{
	wander_init();
	pipe_make(&go), pipe_make(&done);
	for (int by_id = 0; by_id < 2; by_id++) {
		pthread_t t = start(counts, by_id);
		pipe_await(&done);
		pthread_t others[3];
		for (int i = 0; i < 3; i++)
			others[i] = start(computes, 0);
		for (int i = 0; i < 3; i++)
			join(others[i]);
		pipe_tell(&go);
		join(t);
	}
	wander_end();
	puts("counted");
	return 0;
}
