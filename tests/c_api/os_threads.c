// An OS thread that is no greenlet waits and wakes as any thread, but starts no greenlet,
// neither by itself nor for a server or a signal; and the child of a fork has the
// calling greenlet, only: geventrs(3).
#include "check.h"
#include <geventrs.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static gev_event *told;
static gev_queue *queue;

static void *returns(void *arg)
{
	return arg;
}

static void signalled(int signal, void *arg)
{
	(void)signal;
	(void)arg;
}

static void handles(int fd, void *arg)
{
	(void)fd;
	(void)arg;
}

static void *foreign(void *arg)
{
	char byte = 0;
	void *item = NULL, *items[2] = { NULL, NULL };
	int pair[2], listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (!getenv("GEVENTRS_TEST_PRELOADED")) {
		gev_pool *pool = gev_pool_new(2);
		CHECK(gev_spawn(returns, NULL) == NULL && errno == EPERM);
		CHECK(gev_pool_spawn(pool, GEV_FOREVER, returns, NULL) == NULL && errno == EPERM);
		CHECK_ERRNO(gev_pool_map(pool, returns, items, items, 2), EPERM);
		CHECK(gev_signal(SIGUSR1, signalled, NULL) == NULL && errno == EPERM);
		gev_server *server = gev_server_new(listener, handles, NULL, NULL);
		CHECK(server != NULL);
		CHECK_ERRNO(gev_server_start(server), EPERM);
		CHECK_ERRNO(gev_server_serve_forever(server), EPERM);
		gev_server_free(server);
		gev_pool_free(pool);
		CHECK_EQ(gev_current_id(), 0);
	}
	CHECK(gev_current() == NULL && errno == ESRCH);
	CHECK_EQ(gev_sleep(GEV_MILLISECOND), 0);
	CHECK_ERRNO(gev_queue_get(queue, &item, GEV_MILLISECOND), ETIMEDOUT);
	gev_timeout *limit = gev_timeout_start(GEV_MILLISECOND);
	CHECK_ERRNO(gev_queue_get(queue, &item, GEV_FOREVER), ETIMEDOUT);
	CHECK_EQ(gev_timeout_stop(limit), 1);
	CHECK_EQ(gev_event_set(told), 0);
	CHECK_EQ(gev_queue_get(queue, &item, GEV_FOREVER), 0);
	CHECK(item == &queue);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	CHECK_ERRNO(gev_recv(pair[0], &byte, 1, 0, GEV_MILLISECOND), ETIMEDOUT);
	CHECK_EQ(gev_send(pair[1], "x", 1, 0, GEV_FOREVER), 1);
	CHECK_EQ(gev_recv(pair[0], &byte, 1, 0, GEV_FOREVER), 1);
	CHECK_EQ(byte, 'x');
	CHECK(gev_blocking(returns, &byte) == &byte);
	char *info = gev_run_info();
	CHECK(info != NULL);
	free(info);
	close(pair[0]);
	close(pair[1]);
	close(listener);
	return arg;
}

static void with_a_thread(void)
{
	pthread_t thread;
	CHECK_EQ(pthread_create(&thread, NULL, foreign, NULL), 0);
	CHECK_EQ(gev_event_wait(told, GEV_FOREVER), 0);
	CHECK_EQ(gev_event_clear(told), 0);
	CHECK_EQ(gev_queue_put(queue, &queue, GEV_FOREVER), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

static void *sleeps(void *arg)
{
	gev_event_wait(told, GEV_FOREVER);
	return arg;
}

static void forked(void)
{
	int status = -1;
	gev_greenlet *other = gev_spawn(sleeps, NULL);
	gev_yield();
	pid_t pid = fork();
	if (pid == 0) {
		CHECK(!gev_ready(other));
		CHECK_ERRNO(gev_join(other, GEV_MILLISECOND), ETIMEDOUT);
		void *value = NULL;
		gev_greenlet *own = gev_spawn(returns, &value);
		CHECK_EQ(gev_get(own, &value, GEV_FOREVER), 0);
		CHECK(value == &value);
		gev_release(own);
		// Nobody waits for it here.
		CHECK_EQ(gev_event_set(told), 0);
		CHECK_EQ(gev_sleep(GEV_MILLISECOND), 0);
		_exit(4);
	}
	// No child, no wait.
	CHECK_ERRNO(gev_waitpid(getpid(), &status, GEV_FOREVER), ECHILD);
	CHECK_ERRNO(gev_waitpid(getppid(), &status, GEV_FOREVER), ECHILD);
	CHECK_EQ(gev_waitpid(pid, &status, GEV_FOREVER), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 4);
	CHECK(!gev_ready(other));
	gev_event_set(told);
	CHECK_EQ(gev_join(other, GEV_FOREVER), 0);
	gev_release(other);
}

int main(void)
{
	told = gev_event_new();
	queue = gev_queue_new(GEV_FIFO, 0);
	// Before the first greenlet, and after it: whoever asks first, main starts the hub.
	with_a_thread();
	gev_greenlet *g = gev_spawn(returns, NULL);
	CHECK(g != NULL);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);
	with_a_thread();
	forked();
	return 0;
}
