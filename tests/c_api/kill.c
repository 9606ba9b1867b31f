// A kill is a cancellation: cleanup handlers run, what has not begun never does, and
// what was given is not lost: gev_kill(3).
#include "check.h"
#include <geventrs.h>
#include <sys/socket.h>

static int cleanups, began;
static gev_semaphore *units;
static gev_queue *queue;

static void clean(void *arg)
{
	cleanups += (int)(size_t)arg;
}

static void *sleeps(void *arg)
{
	began++;
	pthread_cleanup_push(clean, (void *)1);
	pthread_cleanup_push(clean, (void *)10);
	gev_sleep(GEV_FOREVER);
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return arg;
}

static void *kills_itself(void *arg)
{
	gev_greenlet *me = gev_current();
	pthread_cleanup_push(clean, (void *)100);
	gev_kill(me, GEV_FOREVER);
	CHECK(!"reached");
	pthread_cleanup_pop(0);
	return arg;
}

static void *masked(void *arg)
{
	int old;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	for (int i = 0; i < 5; i++)
		gev_yield();
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
	clean((void *)1000);
	gev_yield();
	CHECK(!"reached");
	return arg;
}

static void *takes(void *arg)
{
	gev_semaphore_acquire(units, GEV_FOREVER);
	CHECK(!"reached");
	return arg;
}

static void *gets(void *arg)
{
	gev_queue_get(queue, NULL, GEV_FOREVER);
	CHECK(!"reached");
	return arg;
}

static void *reads(void *fd)
{
	char byte;
	gev_recv((int)(size_t)fd, &byte, 1, 0, GEV_FOREVER);
	CHECK(!"reached");
	return NULL;
}

// With libc's own call, which the library has taken over if it was preloaded.
static void *reads_plainly(void *fd)
{
	char byte;
	CHECK_EQ(read((int)(size_t)fd, &byte, 1), 1);
	CHECK(!"reached");
	return NULL;
}

static void killed(void *(*function)(void *), void *arg)
{
	void *value = (void *)5;
	gev_greenlet *g = gev_spawn(function, arg);
	for (int i = 0; i < 3; i++)
		gev_yield();
	CHECK(!gev_ready(g));
	CHECK_EQ(gev_kill(g, GEV_FOREVER), 0);
	CHECK(gev_ready(g) && !gev_successful(g));
	CHECK_ERRNO(gev_get(g, &value, GEV_FOREVER), ECANCELED);
	CHECK_EQ((size_t)value, 5);
	CHECK_EQ(gev_kill(g, GEV_FOREVER), 0); // it is dead
	gev_release(g);
}

int main(void)
{
	int pair[2];
	killed(sleeps, NULL);
	CHECK_EQ(cleanups, 11);

	gev_greenlet *g = gev_spawn(sleeps, NULL);
	CHECK_EQ(gev_kill(g, GEV_FOREVER), 0);
	CHECK_EQ(began, 1);
	gev_release(g);

	g = gev_spawn(kills_itself, NULL);
	CHECK_ERRNO(gev_get(g, NULL, GEV_FOREVER), ECANCELED);
	CHECK_EQ(cleanups, 111);
	gev_release(g);

	g = gev_spawn(masked, NULL);
	gev_yield();
	CHECK_EQ(gev_kill(g, GEV_FOREVER), 0);
	CHECK_EQ(cleanups, 1111);
	gev_release(g);

	units = gev_semaphore_new(0);
	killed(takes, NULL);
	gev_semaphore_release(units);
	CHECK_EQ(gev_semaphore_counter(units), 1);
	queue = gev_queue_new(GEV_FIFO, 0);
	killed(gets, NULL);
	CHECK_EQ(gev_queue_put(queue, NULL, GEV_FOREVER), 0);
	CHECK_EQ(gev_queue_len(queue), 1);

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	killed(reads, (void *)(size_t)pair[0]);
	if (getenv("GEVENTRS_TEST_PRELOADED"))
		killed(reads_plainly, (void *)(size_t)pair[0]);

	gev_greenlet *many[100];
	for (int i = 0; i < 100; i++)
		many[i] = gev_spawn(sleeps, NULL);
	gev_yield();
	cleanups = 0;
	CHECK_EQ(gev_killall(many, 100, GEV_FOREVER), 0);
	CHECK_EQ(cleanups, 1100);
	for (int i = 0; i < 100; i++)
		gev_release(many[i]);
	gev_semaphore_free(units);
	gev_queue_free(queue);
	return 0;
}
