// gev_timeout_start(3): a limit on all waits of a stretch of code.
#include "check.h"
#include <geventrs.h>

static void *own(void *arg)
{
	// The spawner's limit is not this greenlet's.
	CHECK_EQ(gev_sleep(500 * GEV_MILLISECOND), 0);
	return arg;
}

static void *leaves_one(void *arg)
{
	CHECK(gev_timeout_start(GEV_MILLISECOND) != NULL);
	return arg;
}

int main(void)
{
	int p[2];
	char byte;
	CHECK_EQ(pipe(p), 0);
	gev_event *event = gev_event_new();
	gev_queue *queue = gev_queue_new(GEV_FIFO, 1);
	gev_semaphore *semaphore = gev_semaphore_new(0);

	gev_timeout *limit = gev_timeout_start(10 * GEV_MILLISECOND);
	gev_greenlet *g = gev_spawn(own, NULL);
	CHECK(!gev_timeout_expired(limit));
	CHECK_ERRNO(gev_event_wait(event, GEV_FOREVER), ETIMEDOUT);
	CHECK(gev_timeout_expired(limit));
	// And every further wait, at once.
	CHECK_ERRNO(gev_sleep(GEV_FOREVER), ETIMEDOUT);
	CHECK_ERRNO(gev_queue_get(queue, NULL, GEV_FOREVER), ETIMEDOUT);
	CHECK_ERRNO(gev_semaphore_acquire(semaphore, GEV_FOREVER), ETIMEDOUT);
	CHECK_ERRNO(gev_wait_fd(p[0], POLLIN, GEV_FOREVER), ETIMEDOUT);
	CHECK_ERRNO(gev_read(p[0], &byte, 1, GEV_FOREVER), ETIMEDOUT);
	CHECK_ERRNO(gev_join(g, GEV_FOREVER), ETIMEDOUT);
	// What does not have to wait is none.
	CHECK_EQ(gev_queue_put(queue, event, GEV_FOREVER), 0);
	CHECK_EQ(gev_queue_get(queue, NULL, GEV_FOREVER), 0);
	CHECK_EQ(gev_timeout_stop(limit), 1);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);

	// A wait's own time is told from the limit.
	limit = gev_timeout_start(60 * GEV_SECOND);
	CHECK_ERRNO(gev_event_wait(event, GEV_MILLISECOND), ETIMEDOUT);
	CHECK(!gev_timeout_expired(limit));
	CHECK_EQ(gev_sleep(GEV_MILLISECOND), 0);
	CHECK_EQ(gev_timeout_stop(limit), 0);

	// One that never comes.
	limit = gev_timeout_start(GEV_FOREVER);
	CHECK_EQ(gev_sleep(GEV_MILLISECOND), 0);
	CHECK_EQ(gev_timeout_stop(limit), 0);

	// Not the caller's, not any more.
	CHECK_ERRNO(gev_timeout_stop(limit), EINVAL);
	CHECK_ERRNO(gev_timeout_stop(NULL), EINVAL);

	// It ends with its greenlet.
	for (int i = 0; i < 20; i++) {
		g = gev_spawn(leaves_one, NULL);
		CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
		gev_release(g);
	}
	CHECK_EQ(gev_sleep(5 * GEV_MILLISECOND), 0);
	return 0;
}
