// rule: fcntl(2) O_ASYNC, poll(2): who asked to hear of a pipe's bytes hears of them, though somebody waits to read them
#include "util.h"
#include <poll.h>
#include <signal.h>

static int ends[2];
static volatile sig_atomic_t heard;

static void note(int signal)
{
	(void)signal;
	heard++;
}

static void *reader(void *unused)
{
	char c;
	CHECK_EQ(read(ends[0], &c, 1), 1);
	return unused;
}

static void *watcher(void *unused)
{
	struct pollfd p = {ends[0], POLLIN, 0};
	CHECK_EQ(poll(&p, 1, -1), 1);
	return unused;
}

int main(void)
{
	signal(SIGIO, note);
	u_pipe(ends);
	CHECK_EQ(fcntl(ends[0], F_SETOWN, getpid()), 0);
	CHECK_EQ(fcntl(ends[0], F_SETFL, O_ASYNC), 0);
	pthread_t t = u_spawn(reader, NULL);
	usleep(20000);
	CHECK_EQ(write(ends[1], "x", 1), 1);
	u_join(t);
	for (int i = 0; i < 500 && !heard; i++)
		usleep(1000);
	CHECK(heard);
	close(ends[0]);
	close(ends[1]);

	u_pipe(ends);
	pthread_t w = u_spawn(watcher, NULL);
	usleep(20000);
	t = u_spawn(reader, NULL);
	usleep(20000);
	/* One byte for the reader. A watcher that comes late needs another one. */
	CHECK_EQ(write(ends[1], "xy", 2), 2);
	u_join(t);
	u_join(w);
	puts("heard");
	return 0;
}
