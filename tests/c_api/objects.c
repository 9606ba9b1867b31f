// Events, async results, semaphores, locks, queues, channels, locals.
#include "check.h"
#include <geventrs.h>

static gev_event *event;
static gev_async *result;
static gev_semaphore *semaphore;
static gev_rlock *lock;
static gev_queue *queue;
static gev_local *local;
static int destroyed;

static void *sets_event(void *arg)
{
	gev_event_set(event);
	return arg;
}

static void *sets_result(void *arg)
{
	CHECK_EQ(gev_async_set(result, arg), 0);
	return arg;
}

static void *releases(void *arg)
{
	gev_semaphore_release(semaphore);
	return arg;
}

static void *tries_lock(void *arg)
{
	CHECK_ERRNO(gev_rlock_acquire(lock, GEV_NOWAIT), ETIMEDOUT);
	CHECK_ERRNO(gev_rlock_release(lock), EPERM);
	CHECK_EQ(gev_rlock_acquire(lock, GEV_FOREVER), 0);
	CHECK_EQ(gev_rlock_release(lock), 0);
	return arg;
}

static void *gets(void *arg)
{
	void *item;
	while (gev_queue_get(queue, &item, GEV_FOREVER) == 0) {
		*(size_t *)arg += (size_t)item;
		gev_queue_task_done(queue);
	}
	CHECK_EQ(errno, EPIPE);
	return NULL;
}

static void *puts_channel(void *arg)
{
	CHECK_EQ(gev_queue_put(queue, arg, GEV_FOREVER), 0);
	return arg;
}

static int by_value(const void *a, const void *b)
{
	return ((size_t)a > (size_t)b) - ((size_t)a < (size_t)b);
}

static void destroy(void *value)
{
	destroyed += (int)(size_t)value;
}

static void *has_a_value(void *arg)
{
	CHECK(gev_local_get(local) == NULL);
	CHECK_EQ(gev_local_set(local, arg), 0);
	gev_yield();
	CHECK(gev_local_get(local) == arg);
	return arg;
}

static void events(void)
{
	void *value;
	event = gev_event_new();
	CHECK(!gev_event_is_set(event));
	CHECK_ERRNO(gev_event_wait(event, GEV_MILLISECOND), ETIMEDOUT);
	gev_release(gev_spawn(sets_event, NULL));
	CHECK_EQ(gev_event_wait(event, GEV_FOREVER), 0);
	CHECK(gev_event_is_set(event));
	gev_event_clear(event);
	CHECK(!gev_event_is_set(event));
	gev_event_free(event);

	result = gev_async_new();
	CHECK_ERRNO(gev_async_get(result, &value, GEV_MILLISECOND), ETIMEDOUT);
	gev_release(gev_spawn(sets_result, (void *)9));
	CHECK_EQ(gev_async_get(result, &value, GEV_FOREVER), 0);
	CHECK_EQ((size_t)value, 9);
	CHECK_ERRNO(gev_async_set(result, NULL), EALREADY);
	CHECK(gev_async_ready(result));
	gev_async_free(result);
	result = gev_async_new();
	CHECK_EQ(gev_async_set_error(result, ENOSPC), 0);
	CHECK_ERRNO(gev_async_get(result, &value, GEV_FOREVER), ENOSPC);
	CHECK_EQ(gev_async_wait(result, GEV_FOREVER), 0);
	gev_async_free(result);
	result = gev_async_new();
	CHECK_EQ(gev_async_cancel(result), 0);
	CHECK_ERRNO(gev_async_get(result, NULL, GEV_FOREVER), ECANCELED);
	gev_async_free(result);
}

static void locks(void)
{
	semaphore = gev_semaphore_new(1);
	CHECK_EQ(gev_semaphore_acquire(semaphore, GEV_FOREVER), 0);
	CHECK_ERRNO(gev_semaphore_acquire(semaphore, GEV_NOWAIT), ETIMEDOUT);
	CHECK_ERRNO(gev_semaphore_wait(semaphore, GEV_MILLISECOND), ETIMEDOUT);
	gev_release(gev_spawn(releases, NULL));
	CHECK_EQ(gev_semaphore_acquire(semaphore, GEV_FOREVER), 0);
	CHECK_EQ(gev_semaphore_release(semaphore), 0);
	CHECK_EQ(gev_semaphore_wait(semaphore, GEV_FOREVER), 0);
	CHECK_EQ(gev_semaphore_counter(semaphore), 1);
	gev_semaphore_free(semaphore);
	semaphore = gev_semaphore_new_bounded(2);
	CHECK_ERRNO(gev_semaphore_release(semaphore), EOVERFLOW);
	CHECK_EQ(gev_semaphore_acquire(semaphore, GEV_FOREVER), 0);
	CHECK_EQ(gev_semaphore_release(semaphore), 0);
	gev_semaphore_free(semaphore);

	lock = gev_rlock_new();
	CHECK_EQ(gev_rlock_acquire(lock, GEV_FOREVER), 0);
	CHECK_EQ(gev_rlock_acquire(lock, GEV_FOREVER), 0);
	gev_greenlet *g = gev_spawn(tries_lock, NULL);
	gev_yield();
	CHECK_EQ(gev_rlock_release(lock), 0);
	gev_yield();
	CHECK(!gev_ready(g));
	CHECK_EQ(gev_rlock_release(lock), 0);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);
	gev_rlock_free(lock);
}

static void queues(void)
{
	void *item;
	size_t sums[2] = { 0, 0 };
	queue = gev_queue_new(GEV_FIFO, 2);
	gev_greenlet *g[] = { gev_spawn(gets, &sums[0]), gev_spawn(gets, &sums[1]) };
	for (size_t i = 1; i <= 100; i++)
		CHECK_EQ(gev_queue_put(queue, (void *)i, GEV_FOREVER), 0);
	CHECK_EQ(gev_queue_join(queue, GEV_FOREVER), 0);
	CHECK_ERRNO(gev_queue_task_done(queue), EINVAL);
	CHECK_EQ(gev_queue_shutdown(queue, 0), 0);
	CHECK_EQ(gev_joinall(g, 2, GEV_FOREVER), 0);
	CHECK_EQ(sums[0] + sums[1], 5050);
	CHECK_ERRNO(gev_queue_put(queue, NULL, GEV_FOREVER), EPIPE);
	gev_release(g[0]);
	gev_release(g[1]);
	gev_queue_free(queue);

	queue = gev_queue_new(GEV_LIFO, 2);
	CHECK_EQ(gev_queue_put(queue, (void *)1, GEV_FOREVER), 0);
	CHECK_EQ(gev_queue_put(queue, (void *)2, GEV_FOREVER), 0);
	CHECK_ERRNO(gev_queue_put(queue, (void *)3, GEV_MILLISECOND), ETIMEDOUT);
	CHECK_EQ(gev_queue_peek(queue, &item, GEV_NOWAIT), 0);
	CHECK_EQ((size_t)item, 2);
	CHECK_EQ(gev_queue_get(queue, &item, GEV_FOREVER), 0);
	CHECK_EQ((size_t)item, 2);
	CHECK_EQ(gev_queue_len(queue), 1);
	gev_queue_free(queue);

	queue = gev_queue_new_priority(by_value, 0);
	size_t items[] = { 3, 1, 2 };
	for (int i = 0; i < 3; i++)
		gev_queue_put(queue, (void *)items[i], GEV_FOREVER);
	for (size_t want = 1; want <= 3; want++) {
		CHECK_EQ(gev_queue_get(queue, &item, GEV_FOREVER), 0);
		CHECK_EQ((size_t)item, want);
	}
	CHECK_ERRNO(gev_queue_get(queue, &item, GEV_NOWAIT), ETIMEDOUT);
	gev_queue_free(queue);

	queue = gev_channel_new();
	gev_greenlet *putter = gev_spawn(puts_channel, (void *)8);
	gev_yield();
	CHECK(!gev_ready(putter));
	CHECK_EQ(gev_queue_get(queue, &item, GEV_FOREVER), 0);
	CHECK_EQ((size_t)item, 8);
	CHECK_EQ(gev_join(putter, GEV_FOREVER), 0);
	gev_release(putter);
	gev_queue_free(queue);
	CHECK(gev_queue_new(7, 0) == NULL && errno == EINVAL);
}

static void locals(void)
{
	local = gev_local_new(destroy);
	gev_greenlet *g[] = { gev_spawn(has_a_value, (void *)1), gev_spawn(has_a_value, (void *)10) };
	CHECK_EQ(gev_joinall(g, 2, GEV_FOREVER), 0);
	for (int i = 0; destroyed != 11 && i < 1000; i++)
		gev_yield(); // they are destroyed just after the end
	CHECK_EQ(destroyed, 11);
	CHECK(gev_local_get(local) == NULL);
	gev_release(g[0]);
	gev_release(g[1]);
}

int main(void)
{
	events();
	locks();
	queues();
	locals();
	return 0;
}
