// Two greenlets poll with select for two seconds; a third gets on with things
// meanwhile. Each says when it has begun, and the two when they have ended: at 2 seconds.
//
//     cc select_poll.c $(pkg-config --cflags --libs geventrs) -o select_poll
#include <geventrs.h>
#include <stdio.h>
#include <time.h>

static double start;

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + now.tv_nsec / 1e9;
}

static double tic(void)
{
	return seconds() - start;
}

static void *polls(void *arg)
{
	(void)arg;
	printf("Started Polling: at %.1f seconds\n", tic());
	gev_select(0, NULL, NULL, NULL, 2 * GEV_SECOND);
	printf("Ended Polling: at %.1f seconds\n", tic());
	return NULL;
}

static void *gets_on(void *arg)
{
	(void)arg;
	printf("Hey lets do some stuff while the greenlets poll, at %.1f seconds\n", tic());
	gev_sleep(GEV_SECOND);
	return NULL;
}

int main(void)
{
	start = seconds();
	gev_greenlet *all[] = {
		gev_spawn(polls, NULL),
		gev_spawn(polls, NULL),
		gev_spawn(gets_on, NULL),
	};
	gev_joinall(all, 3, GEV_FOREVER);
	for (int i = 0; i < 3; i++)
		gev_release(all[i]);
	return 0;
}
