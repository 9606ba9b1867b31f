// Who has had a turn when a wait without time returns, or gev_idle(3): geventrs(3),
// gev_sleep(3). What the program can say of its greenlets: gev_run_info(3).
#include "check.h"
#include <geventrs.h>

static int turns;

static void *takes_turns(void *n)
{
	for (size_t i = 0; i < (size_t)n; i++) {
		turns++;
		gev_yield();
	}
	return NULL;
}

// Whether a call has let others run.
#define LETS_RUN(call)                                                  \
	({                                                              \
		turns = 0;                                              \
		gev_greenlet *other = gev_spawn(takes_turns, (void *)1); \
		call;                                                   \
		int ran = turns;                                        \
		CHECK_EQ(gev_join(other, GEV_FOREVER), 0);              \
		gev_release(other);                                     \
		ran;                                                    \
	})

static void without_time(void)
{
	void *item;
	char byte;
	int pair[2];
	gev_event *event = gev_event_new();
	gev_async *result = gev_async_new();
	gev_semaphore *semaphore = gev_semaphore_new(0);
	gev_rlock *lock = gev_rlock_new();
	gev_queue *queue = gev_queue_new(GEV_FIFO, 0), *full = gev_queue_new(GEV_FIFO, 1);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);

	// What takes something only looks.
	CHECK(!LETS_RUN(CHECK_ERRNO(gev_queue_get(queue, &item, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(!LETS_RUN(CHECK_ERRNO(gev_queue_peek(queue, &item, GEV_NOWAIT), ETIMEDOUT)));
	CHECK_EQ(gev_queue_put(full, &item, GEV_NOWAIT), 0);
	CHECK(!LETS_RUN(CHECK_ERRNO(gev_queue_put(full, &item, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(!LETS_RUN(CHECK_ERRNO(gev_semaphore_acquire(semaphore, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(!LETS_RUN(CHECK_EQ(gev_rlock_acquire(lock, GEV_NOWAIT), 0)));
	CHECK_EQ(gev_rlock_release(lock), 0);

	// All others let those run first who can.
	CHECK(LETS_RUN(CHECK_EQ(gev_sleep(GEV_NOWAIT), 0)));
	CHECK(LETS_RUN(gev_join(other, GEV_NOWAIT)));
	CHECK(LETS_RUN(gev_get(other, NULL, GEV_NOWAIT)));
	CHECK(LETS_RUN(gev_joinall(&other, 1, GEV_NOWAIT)));
	CHECK(LETS_RUN(gev_wait((void **)&other, 1, 1, GEV_NOWAIT, NULL)));
	CHECK(LETS_RUN(CHECK_ERRNO(gev_event_wait(event, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(LETS_RUN(CHECK_ERRNO(gev_async_wait(result, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(LETS_RUN(CHECK_ERRNO(gev_async_get(result, NULL, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(LETS_RUN(CHECK_ERRNO(gev_semaphore_wait(semaphore, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(LETS_RUN(CHECK_ERRNO(gev_queue_join(full, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(LETS_RUN(CHECK_ERRNO(gev_wait_fd(pair[0], POLLIN, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(LETS_RUN(CHECK_ERRNO(gev_recv(pair[0], &byte, 1, 0, GEV_NOWAIT), ETIMEDOUT)));
	CHECK(LETS_RUN(CHECK_ERRNO(gev_read(pair[0], &byte, 1, GEV_NOWAIT), ETIMEDOUT)));

	close(pair[0]);
	close(pair[1]);
	gev_event_free(event);
	gev_async_free(result);
	gev_semaphore_free(semaphore);
	gev_rlock_free(lock);
	gev_queue_free(queue);
	gev_queue_free(full);
}

static void *sleeps(void *arg)
{
	gev_sleep(GEV_FOREVER);
	return arg;
}

static void idle(void)
{
	gev_greenlet *sleeper = gev_spawn(sleeps, NULL);
	gev_greenlet *busy = gev_spawn(takes_turns, (void *)100);
	turns = 0;
	gev_idle();
	CHECK_EQ(turns, 100);
	CHECK(gev_ready(busy) && !gev_ready(sleeper));
	CHECK_EQ(gev_kill(sleeper, GEV_FOREVER), 0);
	gev_release(sleeper);
	gev_release(busy);
}

static void report(void)
{
	int p[2];
	char text[4096];
	struct gev_spawn_options options = { "sleeper", 0, 0 };
	gev_greenlet *g = gev_spawn_with(&options, sleeps, NULL);
	gev_yield();
	CHECK_EQ(pipe(p), 0);
	CHECK_EQ(gev_print_run_info(p[1]), 0);
	close(p[1]);
	size_t got = 0;
	for (ssize_t n; (n = read(p[0], text + got, sizeof text - 1 - got)) > 0;)
		got += (size_t)n;
	text[got] = 0;
	close(p[0]);
	CHECK(strstr(text, "sleeper") != NULL);
	CHECK_ERRNO(gev_print_run_info(p[1]), EBADF);
	char *same = gev_run_info();
	CHECK(same != NULL && strstr(same, "sleeper") != NULL);
	free(same);
	CHECK_EQ(gev_kill(g, GEV_FOREVER), 0);
	gev_release(g);

	int major = -1, minor = -1;
	CHECK_EQ(sscanf(gev_version(), "%d.%d", &major, &minor), 2);
	CHECK_EQ(major, GEV_VERSION_MAJOR);
	CHECK_EQ(minor, GEV_VERSION_MINOR);
}

int main(void)
{
	without_time();
	idle();
	report();
	return 0;
}
