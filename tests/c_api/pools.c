// Pools bound how many run at a time; groups do not: gev_pool_new(3).
#include "check.h"
#include <geventrs.h>

static int running, most;

static void *works(void *arg)
{
	running++;
	if (running > most)
		most = running;
	gev_sleep(5 * GEV_MILLISECOND);
	running--;
	return (void *)((size_t)arg * (size_t)arg);
}

static void *for_ever(void *arg)
{
	gev_sleep(GEV_FOREVER);
	return arg;
}

int main(void)
{
	gev_pool *pool = gev_pool_new(3);
	CHECK_EQ(gev_pool_free_count(pool), 3);
	for (size_t i = 0; i < 10; i++) {
		gev_greenlet *g = gev_pool_spawn(pool, GEV_FOREVER, works, (void *)i);
		CHECK(g != NULL);
		gev_release(g);
	}
	CHECK_EQ(gev_pool_join(pool, GEV_FOREVER), 0);
	CHECK_EQ(most, 3);

	void *items[20], *results[20];
	for (size_t i = 0; i < 20; i++)
		items[i] = (void *)i;
	CHECK_EQ(gev_pool_map(pool, works, items, results, 20), 0);
	for (size_t i = 0; i < 20; i++)
		CHECK_EQ((size_t)results[i], i * i);
	CHECK_EQ(most, 3);

	for (int i = 0; i < 3; i++)
		gev_release(gev_pool_spawn(pool, GEV_NOWAIT, for_ever, NULL));
	CHECK_EQ(gev_pool_len(pool), 3);
	CHECK_EQ(gev_pool_free_count(pool), 0);
	CHECK(gev_pool_spawn(pool, GEV_NOWAIT, works, NULL) == NULL && errno == ETIMEDOUT);
	CHECK(gev_pool_spawn(pool, GEV_MILLISECOND, works, NULL) == NULL && errno == ETIMEDOUT);
	CHECK_ERRNO(gev_pool_join(pool, GEV_MILLISECOND), ETIMEDOUT);
	CHECK_EQ(gev_pool_kill(pool, GEV_FOREVER), 0);
	CHECK_EQ(gev_pool_len(pool), 0);
	CHECK_EQ(gev_pool_free_count(pool), 3);
	gev_pool_free(pool);

	gev_pool *group = gev_pool_new(0);
	most = 0;
	for (size_t i = 0; i < 50; i++)
		gev_release(gev_pool_spawn(group, GEV_NOWAIT, works, NULL));
	CHECK_EQ(gev_pool_join(group, GEV_FOREVER), 0);
	CHECK_EQ(most, 50);
	gev_pool_free(group);
	return 0;
}
