// The ways to limit how long something may take: for each what it is about, and then how
// it has ended.
//
//     cc timeouts.c $(pkg-config --cflags --libs geventrs) -o timeouts
#include "net.h"
#include <errno.h>
#include <pthread.h>

#define SHORT (20 * GEV_MILLISECOND)
#define LONG (60 * GEV_SECOND)

static void say(void *text)
{
	printf("  %s is cleaned up\n", (const char *)text);
}

struct worker {
	gev_time span;
	const char *name;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	// Called at the end, and also when the greenlet is killed.
	pthread_cleanup_push(say, (void *)worker->name);
	gev_sleep(worker->span);
	pthread_cleanup_pop(1);
	return NULL;
}

int main(void)
{
	printf("a wait with a time-out of its own:\n");
	gev_event *event = gev_event_new();
	int came = gev_event_wait(event, SHORT);
	printf("  the event came: %s\n", came == 0 ? "yes" : strerror(errno));
	gev_queue *queue = gev_queue_new(GEV_FIFO, 0);
	printf("  an item without waiting: %s\n",
	       gev_queue_get(queue, NULL, GEV_NOWAIT) == 0 ? "yes" : "none");

	printf("a call on a socket:\n");
	int pair[2];
	char byte;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	ssize_t got = gev_recv(pair[0], &byte, 1, 0, SHORT);
	printf("  %s\n", got < 0 ? strerror(errno) : "a byte");

	printf("several waits under one limit:\n");
	gev_timeout *limit = gev_timeout_start(SHORT);
	while (gev_sleep(SHORT / 3) == 0)
		;
	printf("  it was the limit: %d\n", gev_timeout_stop(limit));

	printf("limits in limits are told apart:\n");
	gev_timeout *outer = gev_timeout_start(LONG), *inner = gev_timeout_start(SHORT);
	gev_sleep(LONG);
	came = gev_timeout_stop(inner);
	printf("  inner %d, outer %d\n", came, gev_timeout_stop(outer));
	outer = gev_timeout_start(SHORT);
	inner = gev_timeout_start(LONG);
	gev_sleep(LONG);
	came = gev_timeout_stop(inner);
	printf("  inner %d, outer %d\n", came, gev_timeout_stop(outer));

	printf("waiting for others, and giving up on them:\n");
	struct worker workers[] = { { SHORT / 4, "the quick one" }, { LONG, "the slow one" } };
	gev_greenlet *greenlets[] = { gev_spawn(work, &workers[0]), gev_spawn(work, &workers[1]) };
	came = gev_joinall(greenlets, 2, 10 * SHORT);
	printf("  all ended in time: %s\n", came == 0 ? "yes" : "no");
	gev_killall(greenlets, 2, GEV_FOREVER);
	printf("  all ended now: %s\n", gev_joinall(greenlets, 2, GEV_NOWAIT) == 0 ? "yes" : "no");
	gev_release(greenlets[0]);
	gev_release(greenlets[1]);
	gev_event_free(event);
	gev_queue_free(queue);
	return 0;
}
