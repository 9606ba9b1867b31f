// Waiting for descriptors, and calls on them, in a program that may not be patched:
// gev_wait_fd(3), gev_read(3).
#include "check.h"
#include <arpa/inet.h>
#include <geventrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { MUCH = 1 << 20 };

static int counted;

static void *counts(void *arg)
{
	for (;;) {
		counted++;
		gev_sleep(GEV_MILLISECOND);
	}
	return arg;
}

static void *writes_later(void *fd)
{
	gev_sleep(10 * GEV_MILLISECOND);
	CHECK_EQ(gev_write((int)(size_t)fd, "x", 1, GEV_FOREVER), 1);
	return NULL;
}

static void *writes_much(void *fd)
{
	static char data[MUCH];
	CHECK_EQ(gev_write((int)(size_t)fd, data, MUCH, GEV_FOREVER), MUCH);
	close((int)(size_t)fd);
	return NULL;
}

static void waits(void)
{
	int p[2];
	char byte;
	CHECK_EQ(pipe(p), 0);
	CHECK_ERRNO(gev_wait_fd(p[0], POLLIN, GEV_MILLISECOND), ETIMEDOUT);
	CHECK_EQ(gev_wait_fd(p[1], POLLOUT, GEV_NOWAIT), POLLOUT);
	gev_release(gev_spawn(writes_later, (void *)(size_t)p[1]));
	int before = counted;
	CHECK_EQ(gev_wait_fd(p[0], POLLIN, GEV_FOREVER), POLLIN);
	CHECK(counted > before); // others ran

	struct pollfd fds[] = { { p[0], POLLIN, 0 }, { -1, POLLIN, 0 }, { p[1], POLLOUT, 0 } };
	CHECK_EQ(gev_poll(fds, 3, GEV_FOREVER), 2);
	CHECK_EQ(fds[0].revents, POLLIN);
	CHECK_EQ(fds[1].revents, 0);
	CHECK_EQ(fds[2].revents, POLLOUT);

	fd_set reads, writes;
	FD_ZERO(&reads);
	FD_ZERO(&writes);
	FD_SET(p[0], &reads);
	FD_SET(p[1], &writes);
	CHECK_EQ(gev_select(p[1] + 1, &reads, &writes, NULL, GEV_FOREVER), 2);
	CHECK(FD_ISSET(p[0], &reads) && FD_ISSET(p[1], &writes));
	CHECK_EQ(gev_read(p[0], &byte, 1, GEV_FOREVER), 1);
	FD_ZERO(&reads);
	FD_SET(p[0], &reads);
	CHECK_ERRNO(gev_select(p[0] + 1, &reads, NULL, NULL, GEV_MILLISECOND), ETIMEDOUT);
	CHECK_ERRNO(gev_read(p[0], &byte, 1, GEV_MILLISECOND), ETIMEDOUT);
	CHECK_EQ(fcntl(p[0], F_GETFL) & O_NONBLOCK, 0); // the description is as it was
	close(p[1]);
	CHECK_EQ(gev_read(p[0], &byte, 1, GEV_FOREVER), 0);
	close(p[0]);
	CHECK_ERRNO(gev_wait_fd(p[0], POLLIN, GEV_FOREVER), EBADF);
}

static void pipes_and_files(void)
{
	int p[2];
	static char buffer[MUCH];
	size_t got = 0;
	ssize_t n;
	CHECK_EQ(pipe(p), 0);
	gev_greenlet *g = gev_spawn(writes_much, (void *)(size_t)p[1]);
	while ((n = gev_read(p[0], buffer, sizeof buffer, GEV_FOREVER)) > 0)
		got += (size_t)n;
	CHECK_EQ(got, MUCH);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);
	close(p[0]);

	FILE *file = tmpfile();
	CHECK(file != NULL);
	CHECK_EQ(gev_write(fileno(file), "text", 4, GEV_FOREVER), 4);
	CHECK_EQ(lseek(fileno(file), 0, SEEK_SET), 0);
	CHECK_EQ(gev_read(fileno(file), buffer, sizeof buffer, GEV_FOREVER), 4);
	fclose(file);
}

static void greets(int fd, void *arg)
{
	char name[16];
	ssize_t n = gev_recv(fd, name, sizeof name, 0, GEV_FOREVER);
	CHECK(n > 0);
	CHECK_EQ(gev_send(fd, "hello ", 6, 0, GEV_FOREVER), 6);
	CHECK_EQ(gev_send(fd, name, (size_t)n, 0, GEV_FOREVER), n);
	++*(int *)arg;
}

static void *serves(void *arg)
{
	gev_server_serve_forever(arg);
	CHECK(!"reached");
	return NULL;
}

static void sockets(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct sockaddr *at = (struct sockaddr *)&address;
	socklen_t length = sizeof address;
	char text[32];
	int served = 0, got = 0, listener = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_EQ(bind(listener, at, length), 0);
	CHECK_EQ(listen(listener, 8), 0);
	CHECK_EQ(getsockname(listener, at, &length), 0);
	CHECK_ERRNO(gev_accept(listener, NULL, NULL, GEV_MILLISECOND), ETIMEDOUT);
	gev_pool *pool = gev_pool_new(2);
	gev_server *server = gev_server_new(listener, greets, &served, pool);
	CHECK(server != NULL);
	CHECK_EQ(gev_server_start(server), 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(gev_connect(client, at, length, GEV_FOREVER), 0);
	CHECK_EQ(fcntl(client, F_GETFL) & O_NONBLOCK, 0);
	CHECK_EQ(gev_send(client, "ann", 3, 0, GEV_FOREVER), 3);
	for (ssize_t n; (n = gev_recv(client, text + got, sizeof text - got, 0, GEV_FOREVER)) > 0;)
		got += (int)n;
	CHECK_EQ(got, 9);
	CHECK(memcmp(text, "hello ann", 9) == 0);
	CHECK_EQ(served, 1);
	CHECK_EQ(gev_server_stop(server, GEV_SECOND), 0);
	close(client);
	/* Who serves for ever and is killed stops the server, and its handlers. */
	gev_greenlet *g = gev_spawn(serves, server);
	client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(gev_connect(client, at, length, GEV_FOREVER), 0);
	while (gev_pool_len(pool) == 0)
		gev_sleep(GEV_MILLISECOND);
	CHECK_EQ(gev_kill(g, GEV_FOREVER), 0);
	gev_release(g);
	CHECK_EQ(gev_pool_len(pool), 0);
	CHECK_EQ(gev_recv(client, text, sizeof text, 0, GEV_FOREVER), 0);
	close(client);
	gev_server_free(server);
	gev_pool_free(pool);
	close(listener);
	client = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_ERRNO(gev_connect(client, at, length, GEV_FOREVER), ECONNREFUSED);
	close(client);
}

static void *accepts_later(void *listener)
{
	gev_sleep(20 * GEV_MILLISECOND);
	int fd = gev_accept((int)(size_t)listener, NULL, NULL, GEV_FOREVER);
	CHECK(fd >= 0);
	close(fd);
	return NULL;
}

// unix(7): a listener whose queue is full makes connect(2) wait.
static void full_listener(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockaddr *at = (struct sockaddr *)&address;
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), clients[3];
	snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "gev-full-%d", (int)getpid());
	CHECK_EQ(bind(listener, at, sizeof address), 0);
	CHECK_EQ(listen(listener, 0), 0);
	for (int i = 0; i < 3; i++)
		clients[i] = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_EQ(gev_connect(clients[0], at, sizeof address, GEV_FOREVER), 0);
	CHECK_ERRNO(gev_connect(clients[1], at, sizeof address, 5 * GEV_MILLISECOND), ETIMEDOUT);
	CHECK_ERRNO(gev_connect(clients[1], at, sizeof address, GEV_NOWAIT), ETIMEDOUT);
	gev_timeout *limit = gev_timeout_start(5 * GEV_MILLISECOND);
	CHECK_ERRNO(gev_connect(clients[1], at, sizeof address, GEV_FOREVER), ETIMEDOUT);
	CHECK_EQ(gev_timeout_stop(limit), 1);
	gev_greenlet *g = gev_spawn(accepts_later, (void *)(size_t)listener);
	CHECK_EQ(gev_connect(clients[2], at, sizeof address, GEV_FOREVER), 0);
	CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
	gev_release(g);
	for (int i = 0; i < 3; i++)
		close(clients[i]);
	close(listener);
}

static void *sends_twice(void *fd)
{
	for (int i = 0; i < 2; i++) {
		gev_sleep(5 * GEV_MILLISECOND);
		CHECK_EQ(gev_send((int)(size_t)fd, "abc", 3, 0, GEV_FOREVER), 3);
	}
	return NULL;
}

static void *receives(void *fd)
{
	char text[4];
	CHECK_EQ(gev_recv((int)(size_t)fd, text, 3, MSG_WAITALL, GEV_FOREVER), 3);
	return NULL;
}

// gev_recv(3) of a descriptor that is another one each time, of two readers at a time, and
// with flags.
static void receiving(void)
{
	char text[8];
	for (int type = 0; type < 6; type++) {
		int pair[2];
		CHECK_EQ(socketpair(AF_UNIX, type % 2 ? SOCK_DGRAM : SOCK_STREAM, 0, pair), 0);
		gev_greenlet *g = gev_spawn(sends_twice, (void *)(size_t)pair[1]);
		CHECK_EQ(gev_recv(pair[0], text, 2, MSG_PEEK, GEV_FOREVER), 2);
		CHECK_EQ(gev_recv(pair[0], text, 8, 0, GEV_FOREVER), 3);
		CHECK_EQ(gev_recv(pair[0], text, 8, 0, GEV_FOREVER), 3);
		CHECK(memcmp(text, "abc", 3) == 0);
		CHECK_ERRNO(gev_recv(pair[0], text, 8, 0, GEV_MILLISECOND), ETIMEDOUT);
		CHECK_ERRNO(gev_recv(pair[0], text, 8, 0, GEV_NOWAIT), ETIMEDOUT);
		CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
		gev_release(g);
		gev_greenlet *two[] = { gev_spawn(receives, (void *)(size_t)pair[0]),
					gev_spawn(receives, (void *)(size_t)pair[0]) };
		gev_yield();
		gev_release(gev_spawn(sends_twice, (void *)(size_t)pair[1]));
		CHECK_EQ(gev_joinall(two, 2, GEV_FOREVER), 0);
		gev_release(two[0]);
		gev_release(two[1]);
		if (type % 2 == 0) {
			shutdown(pair[1], SHUT_WR);
			CHECK_EQ(gev_recv(pair[0], text, 8, 0, GEV_FOREVER), 0);
		}
		close(pair[0]);
		close(pair[1]);
		CHECK_ERRNO(gev_recv(pair[0], text, 8, 0, GEV_FOREVER), EBADF);
	}
}

static int replaced[2];

// Closes the first of `replaced` and opens the number anew, as number `how` does.
static void replace(int how)
{
	int pair[2], fd = replaced[0];
	close(replaced[1]);
	CHECK_EQ(socketpair(AF_UNIX, how % 2 ? SOCK_DGRAM : SOCK_STREAM, 0, pair), 0);
	replaced[1] = pair[1];
	switch (how / 2) {
	case 0:
		CHECK_EQ(dup2(pair[0], fd), fd);
		close(pair[0]);
		return;
	case 1:
		close(fd);
		CHECK_EQ(fcntl(pair[0], F_DUPFD, fd), fd);
		close(pair[0]);
		return;
	case 2:
		close(fd);
		break;
	default:
		syscall(SYS_close, fd);
	}
	// Both numbers are new ones.
	close(pair[0]);
	close(pair[1]);
	CHECK_EQ(socketpair(AF_UNIX, how % 2 ? SOCK_DGRAM : SOCK_STREAM, 0, replaced), 0);
	CHECK_EQ(replaced[0], fd); // the lowest that is free
}

static void *replaces(void *how)
{
	replace((int)(size_t)how);
	return NULL;
}

// gev_recv(3) trusts what it knows of a socket from wait to wait, and not beyond its end:
// whoever closes it, a greenlet or an OS thread, and however.
static void reopened(void)
{
	char text[8];
	for (size_t how = 0; how < 16; how++) {
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, replaced), 0);
		for (int i = 0; i < 3; i++) { // from now on it is well known
			gev_greenlet *g = gev_spawn(sends_twice, (void *)(size_t)replaced[1]);
			CHECK_EQ(gev_recv(replaced[0], text, 8, 0, GEV_FOREVER), 3);
			CHECK_EQ(gev_recv(replaced[0], text, 3, 0, GEV_FOREVER), 3);
			CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
			gev_release(g);
		}
		CHECK_ERRNO(gev_recv(replaced[0], text, 8, 0, GEV_MILLISECOND), ETIMEDOUT);
		if (how >= 8) {
			pthread_t thread;
			CHECK_OK(pthread_create(&thread, NULL, replaces, (void *)(how - 8)));
			CHECK_OK(pthread_join(thread, NULL));
		} else {
			replace((int)how);
		}
		gev_greenlet *g = gev_spawn(sends_twice, (void *)(size_t)replaced[1]);
		CHECK_EQ(gev_recv(replaced[0], text, 8, 0, GEV_FOREVER), 3);
		CHECK_EQ(gev_recv(replaced[0], text, 8, 0, GEV_FOREVER), 3);
		CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
		gev_release(g);
		close(replaced[0]);
		CHECK_ERRNO(gev_recv(replaced[0], text, 8, 0, GEV_FOREVER), EBADF);
		close(replaced[1]);
	}
}

static void *resets(void *fd)
{
	struct linger now = { 1, 0 };
	gev_sleep(5 * GEV_MILLISECOND);
	CHECK_EQ(gev_send((int)(size_t)fd, "abc", 3, 0, GEV_FOREVER), 3);
	CHECK_OK(setsockopt((int)(size_t)fd, SOL_SOCKET, SO_LINGER, &now, sizeof now));
	close((int)(size_t)fd);
	return NULL;
}

// tcp(7): a reset that comes right behind bytes is told behind them, once.
static void reset_behind_bytes(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct sockaddr *at = (struct sockaddr *)&address;
	socklen_t length = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	char text[8];
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_EQ(bind(listener, at, length), 0);
	CHECK_EQ(listen(listener, 8), 0);
	CHECK_EQ(getsockname(listener, at, &length), 0);
	for (int i = 0; i < 20; i++) {
		int client = socket(AF_INET, SOCK_STREAM, 0);
		CHECK_EQ(gev_connect(client, at, length, GEV_FOREVER), 0);
		int fd = gev_accept(listener, NULL, NULL, GEV_FOREVER);
		CHECK(fd >= 0);
		// Its bytes fill the reader's memory each time: the hub looks behind them.
		for (int j = 0; j < 3; j++) {
			gev_greenlet *g = gev_spawn(sends_twice, (void *)(size_t)fd);
			CHECK_EQ(gev_recv(client, text, 3, 0, GEV_FOREVER), 3);
			CHECK_EQ(gev_recv(client, text, 3, 0, GEV_FOREVER), 3);
			CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
			gev_release(g);
		}
		gev_greenlet *g = gev_spawn(resets, (void *)(size_t)fd);
		ssize_t n = gev_recv(client, text, 3, 0, GEV_FOREVER);
		CHECK(n == 3 || (n < 0 && errno == ECONNRESET));
		if (n == 3)
			CHECK_ERRNO(gev_recv(client, text, 3, 0, GEV_FOREVER), ECONNRESET);
		CHECK_EQ(gev_recv(client, text, 3, 0, GEV_FOREVER), 0);
		CHECK_EQ(gev_join(g, GEV_FOREVER), 0);
		gev_release(g);
		close(client);
	}
	close(listener);
}

static int signals;

static void signalled(int signal, void *arg)
{
	signals += signal == SIGUSR1 && arg == &signals;
}

static void *really_blocks(void *arg)
{
	struct timespec span = { 0, 30 * 1000000 };
	nanosleep(&span, NULL);
	return arg;
}

static void processes(void)
{
	int status = -1;
	pid_t pid = fork();
	if (pid == 0) {
		usleep(20000);
		_exit(3);
	}
	CHECK_ERRNO(gev_waitpid(pid, &status, GEV_NOWAIT), ETIMEDOUT);
	CHECK_EQ(gev_waitpid(pid, &status, GEV_FOREVER), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	CHECK_ERRNO(gev_waitpid(pid, &status, GEV_FOREVER), ECHILD);

	gev_signal_handler *handler = gev_signal(SIGUSR1, signalled, &signals);
	CHECK(handler != NULL);
	kill(getpid(), SIGUSR1);
	for (int i = 0; signals == 0 && i < 5000; i++)
		gev_sleep(GEV_MILLISECOND);
	CHECK_EQ(signals, 1);
	// Of two functions each is called, until it is stopped.
	gev_signal_handler *other = gev_signal(SIGUSR1, signalled, &signals);
	CHECK(other != NULL);
	kill(getpid(), SIGUSR1);
	for (int i = 0; signals < 3 && i < 5000; i++)
		gev_sleep(GEV_MILLISECOND);
	CHECK_EQ(signals, 3);
	gev_signal_stop(other);
	gev_signal_stop(handler);

	int before = counted;
	CHECK(gev_blocking(really_blocks, &before) == &before);
	CHECK(counted > before);
	struct addrinfo *found = NULL, hints = { .ai_flags = AI_NUMERICHOST };
	CHECK_EQ(gev_getaddrinfo("127.0.0.1", "80", &hints, &found), 0);
	freeaddrinfo(found);
}

int main(void)
{
	gev_greenlet *g = gev_spawn(counts, NULL);
	waits();
	pipes_and_files();
	sockets();
	full_listener();
	receiving();
	reopened();
	reset_behind_bytes();
	processes();
	gev_kill(g, GEV_FOREVER);
	gev_release(g);
	return 0;
}
