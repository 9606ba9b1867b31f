// What a handle is good for: NULL is an error and no fault, who was woken may free the
// object at once, a link needs no freeing, and nobody waits for itself: geventrs(3).
#include "check.h"
#include <geventrs.h>
#include <pthread.h>

enum { ROUNDS = 2000 };

static gev_local *local;
static int destroyed;

static void *returns(void *arg)
{
	return arg;
}

static void nothing(gev_greenlet *greenlet, void *arg)
{
	(void)greenlet;
	++*(int *)arg;
}

static void no_handles(void)
{
	void *items[1] = { NULL };
	char name[8];
	errno = 0;
	CHECK_EQ(gev_id(NULL), 0);
	CHECK_EQ(errno, EINVAL);
	errno = 0;
	CHECK_EQ(gev_semaphore_counter(NULL), 0);
	CHECK_EQ(errno, EINVAL);
	errno = 0;
	CHECK_EQ(gev_queue_len(NULL), 0);
	CHECK_EQ(errno, EINVAL);
	errno = 0;
	CHECK_EQ(gev_pool_free_count(NULL), 0);
	CHECK_EQ(errno, EINVAL);
	CHECK_ERRNO(gev_event_set(NULL), EINVAL);
	CHECK_ERRNO(gev_async_get(NULL, NULL, GEV_FOREVER), EINVAL);
	CHECK_ERRNO(gev_queue_put(NULL, NULL, GEV_FOREVER), EINVAL);
	CHECK_ERRNO(gev_unlink(NULL, NULL), EINVAL);
	CHECK_ERRNO(gev_wait(items, 1, 0, GEV_FOREVER, NULL), EINVAL);
	CHECK_ERRNO(gev_joinall((gev_greenlet **)items, 1, GEV_FOREVER), EINVAL);
	CHECK(gev_local_get(NULL) == NULL && errno == EINVAL);

	gev_pool *pool = gev_pool_new(1);
	CHECK_ERRNO(gev_pool_map(pool, returns, NULL, NULL, 1), EINVAL);
	CHECK_EQ(gev_pool_map(pool, returns, NULL, NULL, 0), 0);
	gev_pool_free(pool);
	gev_greenlet *g = gev_spawn(returns, NULL);
	CHECK_ERRNO(gev_name(g, NULL, sizeof name), EINVAL);
	CHECK_ERRNO(gev_unlink(g, NULL), EINVAL);
	gev_join(g, GEV_FOREVER);
	gev_release(g);
}

static void links(void)
{
	int called = 0;
	gev_greenlet *g = gev_spawn(returns, NULL);
	gev_link_id *first = gev_link(g, nothing, &called);
	gev_link_id *second = gev_link(g, nothing, &called);
	CHECK(first != NULL && second != NULL && first != second);
	CHECK_EQ(gev_unlink(g, first), 0);
	CHECK_ERRNO(gev_unlink(g, first), EALREADY);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_yield();
	CHECK_EQ(called, 1);
	CHECK_ERRNO(gev_unlink(g, second), EALREADY);
	gev_release(g);
}

static void *waits_for_itself(void *arg)
{
	gev_event *event = gev_event_new();
	void *both[] = { gev_current(), event };
	size_t which = 7;
	CHECK_ERRNO(gev_wait(both, 1, 0, GEV_FOREVER, NULL), EDEADLK);
	CHECK_ERRNO(gev_wait(both, 2, 0, GEV_FOREVER, NULL), EDEADLK);
	gev_event_set(event);
	CHECK_EQ(gev_wait(both, 2, 1, GEV_FOREVER, &which), 1);
	CHECK_EQ(which, 1);
	gev_release(both[0]);
	gev_event_free(event);
	return arg;
}

static void destroy(void *value)
{
	CHECK(value == &destroyed);
	// The handle is gone, and so is the function.
	CHECK(gev_current() == NULL && errno == ESRCH);
	CHECK_EQ(gev_sleep(GEV_MILLISECOND), 0);
	destroyed++;
}

static void *has_a_value(void *arg)
{
	CHECK_EQ(gev_local_set(local, &destroyed), 0);
	return arg;
}

static void the_end(void)
{
	local = gev_local_new(destroy);
	gev_release(gev_spawn(has_a_value, NULL));
	for (int i = 0; destroyed == 0 && i < 5000; i++)
		gev_sleep(GEV_MILLISECOND);
	CHECK_EQ(destroyed, 1);
	gev_local_free(local);
}

// One for each round, which the waiter frees as soon as it has been woken.
struct round {
	gev_event *event;
	gev_semaphore *semaphore;
	gev_async *result;
	gev_queue *queue;
};

static void wake(struct round *round)
{
	CHECK_EQ(gev_event_set(round->event), 0);
	CHECK_EQ(gev_semaphore_release(round->semaphore), 0);
	CHECK_EQ(gev_async_set(round->result, round), 0);
	CHECK_EQ(gev_queue_put(round->queue, round, GEV_FOREVER), 0);
}

static struct round *volatile given;

static void *wakes(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct round *round;
		while ((round = __atomic_exchange_n(&given, NULL, __ATOMIC_ACQUIRE)) == NULL)
			gev_sleep(10 * GEV_MICROSECOND);
		wake(round);
	}
	return arg;
}

static void wait_and_free(void)
{
	struct round round = { gev_event_new(), gev_semaphore_new(0), gev_async_new(),
			       gev_queue_new(GEV_FIFO, 0) };
	void *item;
	__atomic_store_n(&given, &round, __ATOMIC_RELEASE);
	CHECK_EQ(gev_event_wait(round.event, GEV_FOREVER), 0);
	gev_event_free(round.event);
	CHECK_EQ(gev_semaphore_acquire(round.semaphore, GEV_FOREVER), 0);
	gev_semaphore_free(round.semaphore);
	CHECK_EQ(gev_async_get(round.result, &item, GEV_FOREVER), 0);
	CHECK(item == &round);
	gev_async_free(round.result);
	CHECK_EQ(gev_queue_get(round.queue, &item, GEV_FOREVER), 0);
	CHECK(item == &round);
	gev_queue_free(round.queue);
}

int main(void)
{
	no_handles();
	links();
	gev_greenlet *g = gev_spawn(waits_for_itself, NULL);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);
	the_end();

	// Woken by a greenlet, and (unless it is one) by another OS thread.
	g = gev_spawn(wakes, NULL);
	for (int i = 0; i < ROUNDS; i++)
		wait_and_free();
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);
	pthread_t thread;
	CHECK_EQ(pthread_create(&thread, NULL, wakes, NULL), 0);
	for (int i = 0; i < ROUNDS; i++)
		wait_and_free();
	CHECK_EQ(pthread_join(thread, NULL), 0);
	return 0;
}
