// What a program gets that has only linked the library, and gev_patch(3). In the
// preloaded run all is patched from the start.
#include "check.h"
#include <geventrs.h>

static int order[4], at;

static void *naps(void *arg)
{
	usleep((useconds_t)(size_t)arg * 1000);
	order[at++] = (int)(size_t)arg;
	return NULL;
}

static gev_queue *queue;

static void *puts_one(void *arg)
{
	// On a pthread that is no greenlet this blocks the thread, if at all.
	CHECK_EQ(gev_queue_put(queue, arg, GEV_FOREVER), 0);
	if (!gev_is_patched("thread"))
		CHECK(gev_spawn(puts_one, NULL) == NULL && errno == EPERM);
	return NULL;
}

int main(void)
{
	int preloaded = getenv("GEVENTRS_TEST_PRELOADED") != NULL;
	pthread_t thread;
	void *item;
	queue = gev_queue_new(GEV_FIFO, 0);
	CHECK_EQ(gev_is_patched("all"), preloaded);
	CHECK_ERRNO(gev_is_patched("nonsense"), EINVAL);
	CHECK_ERRNO(gev_patch("socket,nonsense"), EINVAL);
	CHECK_ERRNO(gev_patch(""), EINVAL);
	CHECK_EQ(gev_is_patched("socket"), preloaded);

	// A pthread is an OS thread here, and a greenlet there; both use the queue.
	gev_release(gev_spawn(naps, (void *)1));
	CHECK_OK(pthread_create(&thread, NULL, puts_one, (void *)6));
	if (!preloaded)
		CHECK_ERRNO(gev_patch_all(), EBUSY);
	CHECK_EQ(gev_queue_get(queue, &item, GEV_FOREVER), 0);
	CHECK_EQ((size_t)item, 6);
	CHECK_OK(pthread_join(thread, NULL));
	gev_sleep(100 * GEV_MILLISECOND);
	at = 0;

	if (!preloaded) {
		// Threads of the library's own are there since the first greenlet.
		CHECK_EQ(gev_patch("time"), 0);
		CHECK_EQ(gev_is_patched("time"), 1);
		CHECK_EQ(gev_is_patched("thread"), 0);
	}
	CHECK_EQ(gev_patch_all(), 0);
	CHECK_EQ(gev_is_patched("all"), 1);

	// From here on plain libc calls wait as greenlets do, and pthreads are
	// greenlets.
	int before = os_threads();
	pthread_t threads[3];
	size_t spans[] = { 300, 200, 100 };
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_create(&threads[i], NULL, naps, (void *)spans[i]));
	gev_greenlet *g = gev_spawn(naps, (void *)50);
	gev_yield();
	CHECK(os_threads() <= before);
	for (int i = 0; i < 3; i++)
		CHECK_OK(pthread_join(threads[i], NULL));
	CHECK(gev_ready(g));
	gev_release(g);
	CHECK_EQ(order[0], 50);
	CHECK_EQ(order[1], 100);
	CHECK_EQ(order[3], 300);
	char *info = gev_run_info();
	CHECK(info && strstr(info, "it runs"));
	free(info);
	return 0;
}
