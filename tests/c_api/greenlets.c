// Start, wait for, name, link: gev_spawn(3), gev_join(3).
#include "check.h"
#include <geventrs.h>

static int ran;

static void *twice(void *arg)
{
	ran++;
	return (void *)(2 * (size_t)arg);
}

static void *naps(void *arg)
{
	gev_sleep((gev_time)(size_t)arg * GEV_MILLISECOND);
	return arg;
}

static void *itself(void *arg)
{
	gev_greenlet *me = gev_current();
	CHECK(me != NULL);
	CHECK_EQ(gev_id(me), gev_current_id());
	CHECK_ERRNO(gev_join(me, GEV_FOREVER), EDEADLK);
	CHECK(!gev_ready(me));
	gev_release(me);
	return arg;
}

static void *names(void *arg)
{
	char name[32];
	gev_greenlet *me = gev_current();
	CHECK_EQ(gev_name(me, name, sizeof name), 0);
	CHECK_STR(name, "digger");
	CHECK_ERRNO(gev_name(me, name, 3), ERANGE);
	CHECK_EQ(gev_set_name(me, "other"), 0);
	CHECK_EQ(gev_name(me, name, sizeof name), 0);
	CHECK_STR(name, "other");
	gev_release(me);
	// Its stack is as large as asked.
	volatile char deep[8 << 20];
	deep[0] = 1;
	deep[sizeof deep - 1] = deep[0];
	return arg;
}

static void *exits(void *arg)
{
	pthread_exit(arg);
}

static int links;

static void linked(gev_greenlet *greenlet, void *arg)
{
	CHECK(gev_ready(greenlet));
	links += (int)(size_t)arg;
}

static void spawn_and_join(void)
{
	void *value = NULL;
	gev_greenlet *g = gev_spawn(twice, (void *)21);
	CHECK(g != NULL);
	CHECK_EQ(ran, 0); // it runs when its maker waits, not before
	CHECK(!gev_ready(g));
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	CHECK_EQ(ran, 1);
	CHECK(gev_ready(g) && gev_successful(g));
	CHECK_EQ(gev_get(g, &value, GEV_FOREVER), 0);
	CHECK_EQ((size_t)value, 42);
	CHECK_EQ(gev_get(g, NULL, GEV_NOWAIT), 0);
	CHECK_EQ(gev_parent_id(g), gev_current_id());
	gev_release(g);

	// The handle may go first.
	gev_release(gev_spawn(twice, NULL));
	gev_yield();
	CHECK_EQ(ran, 2);

	g = gev_spawn_later(20 * GEV_MILLISECOND, twice, (void *)1);
	CHECK_ERRNO(gev_join(g, GEV_MILLISECOND), ETIMEDOUT);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);

	struct gev_spawn_options options = { "digger", 16 << 20, 0 };
	g = gev_spawn_with(&options, names, NULL);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);

	g = gev_spawn(itself, NULL);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);

	// pthread_exit(3) gives the value.
	g = gev_spawn(exits, (void *)7);
	CHECK_EQ(gev_get(g, &value, GEV_FOREVER), 0);
	CHECK_EQ((size_t)value, 7);
	gev_release(g);
}

static void several(void)
{
	gev_greenlet *g[3];
	size_t which[3];
	for (size_t i = 0; i < 3; i++)
		g[i] = gev_spawn(naps, (void *)(size_t)(i == 1 ? 5 : 400 + 200 * i));
	CHECK_EQ(gev_wait((void **)g, 3, 1, GEV_FOREVER, which), 1);
	CHECK_EQ(which[0], 1);
	CHECK_ERRNO(gev_joinall(g, 3, GEV_MILLISECOND), ETIMEDOUT);
	CHECK_EQ(gev_joinall(g, 3, GEV_FOREVER), 0);
	CHECK_EQ(gev_wait((void **)g, 3, 0, GEV_NOWAIT, which), 3);
	for (int i = 0; i < 3; i++)
		gev_release(g[i]);

	// Several kinds at once.
	gev_event *event = gev_event_new();
	gev_semaphore *semaphore = gev_semaphore_new(0);
	gev_async *result = gev_async_new();
	void *mixed[] = { event, semaphore, result };
	CHECK_ERRNO(gev_wait(mixed, 3, 1, GEV_MILLISECOND, NULL), ETIMEDOUT);
	gev_async_set(result, NULL);
	CHECK_EQ(gev_wait(mixed, 3, 1, GEV_FOREVER, which), 1);
	CHECK_EQ(which[0], 2);
	gev_event_set(event);
	gev_semaphore_release(semaphore);
	CHECK_EQ(gev_wait(mixed, 3, 0, GEV_FOREVER, NULL), 3);
	gev_event_free(event);
	gev_semaphore_free(semaphore);
	gev_async_free(result);
}

static void linking(void)
{
	gev_greenlet *g = gev_spawn(twice, NULL);
	CHECK(gev_link(g, linked, (void *)1) != NULL);
	CHECK(gev_link(g, linked, (void *)10) != NULL);
	gev_link_id *third = gev_link(g, linked, (void *)100);
	CHECK_EQ(gev_unlink(g, third), 0);
	gev_join(g, GEV_FOREVER);
	gev_yield();
	CHECK_EQ(links, 11);
	CHECK(gev_link(g, linked, (void *)1000) != NULL); // at once
	CHECK_EQ(links, 1011);
	gev_release(g);
}

static void errors(void)
{
	CHECK(gev_spawn(NULL, NULL) == NULL && errno == EINVAL);
	CHECK(gev_spawn_with(NULL, twice, NULL) == NULL && errno == EINVAL);
	CHECK_ERRNO(gev_join(NULL, GEV_FOREVER), EINVAL);
	CHECK_ERRNO(gev_kill(NULL, GEV_FOREVER), EINVAL);
	CHECK_ERRNO(gev_wait_fd(-1, POLLIN, GEV_FOREVER), EBADF);
	CHECK_ERRNO(gev_event_wait(NULL, GEV_FOREVER), EINVAL);
	CHECK(gev_current() == NULL && errno == ESRCH);
	gev_release(NULL);
	gev_event_free(NULL);
}

int main(void)
{
	CHECK_EQ(gev_current_id(), 0); // nothing is started yet
	spawn_and_join();
	several();
	linking();
	errors();
	CHECK(gev_switches() > 0);
	return 0;
}
