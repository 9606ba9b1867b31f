// rule: what is done to a socket while a thread waits to read from it counts as it does on kernel threads: SO_RCVLOWAT, SO_RCVTIMEO, O_NONBLOCK, a dup, a child that shares it, an urgent byte, a signal; and a bad address of the reader's costs no byte
// source: socket(7), tcp(7), recv(2), signal(7)
// timeout: 60
#include "../check.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { ROOM = 64 };
static int near, far;
static char *at, buffer[ROOM];
static size_t room;
static volatile pid_t waiter;

static void connected(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof to;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(bind(listener, (struct sockaddr *)&to, size), 0);
	CHECK_EQ(getsockname(listener, (struct sockaddr *)&to, &size), 0);
	CHECK_EQ(listen(listener, 1), 0);
	far = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(connect(far, (struct sockaddr *)&to, size), 0);
	near = accept(listener, NULL, NULL);
	CHECK(near >= 0);
	CHECK_EQ(close(listener), 0);
	at = buffer;
	room = ROOM;
}

static void put(const char *text)
{
	CHECK_EQ(send(far, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void *reads(void *what)
{
	memset(buffer, 0, sizeof buffer);
	waiter = gettid();
	ssize_t got = recv(near, at, room, 0);
	int error = errno;
	printf("%s: %zd %s%.*s\n", (char *)what, got, got < 0 ? strerror(error) : "", got > 0 ? (int)got : 0, buffer);
	return NULL;
}

/* A reader that waits, or has returned. */
static pthread_t reader(const char *what)
{
	pthread_t t;
	char path[64], state = 'R';
	waiter = 0;
	CHECK_OK(pthread_create(&t, NULL, reads, (void *)what));
	do {
		/* Under the library it has run until it waits when this returns. */
		usleep(10000);
		snprintf(path, sizeof path, "/proc/self/task/%d/stat", waiter);
		FILE *f = waiter == 0 || preloaded() ? NULL : fopen(path, "r");
		if (f != NULL) {
			if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
				state = 'R';
			fclose(f);
		} else if (waiter != 0)
			state = 'X';
	} while (waiter == 0 || state == 'R');
	return t;
}

static void finish(pthread_t t)
{
	CHECK_OK(pthread_join(t, NULL));
}

static void handler(int s)
{
	(void)s;
}

int main(void)
{
	pthread_t t;
	int low = 10;
	struct timeval limit = {.tv_usec = 40000};
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
	alarm(50);
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);

	/* Two that fill the buffer exactly, so that what comes next is looked for. */
	connected();
	for (int i = 0; i < 3; i++) {
		room = 4;
		t = reader("exact");
		put("abcd");
		finish(t);
	}
	room = ROOM;

	/* A bad address: the error comes with the bytes, which stay. */
	at = (char *)8;
	t = reader("bad address");
	put("kept");
	finish(t);
	at = buffer;
	finish(reader("then"));

	/* A handler runs, the call goes on. */
	t = reader("signal");
	CHECK_OK(pthread_kill(t, SIGUSR1));
	usleep(10000);
	put("after it");
	finish(t);

	/* The flag and the limit are of calls that begin later. */
	t = reader("O_NONBLOCK");
	CHECK_EQ(fcntl(near, F_SETFL, O_NONBLOCK), 0);
	usleep(10000);
	put("waited");
	finish(t);
	finish(reader("the next"));
	CHECK_EQ(fcntl(near, F_SETFL, 0), 0);

	t = reader("SO_RCVTIMEO");
	CHECK_EQ(setsockopt(near, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	usleep(80000);
	put("waited");
	finish(t);
	t = reader("the next");
	finish(t);
	limit.tv_usec = 0;
	CHECK_EQ(setsockopt(near, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);

	/* A duplicate does not matter, nor does its end. */
	t = reader("dup");
	int copy = dup(near);
	CHECK(copy >= 0);
	put("one");
	finish(t);
	t = reader("dup closed");
	CHECK_EQ(close(copy), 0);
	put("two");
	finish(t);

	/* An urgent byte is not among the others. */
	connected();
	t = reader("urgent");
	CHECK_EQ(send(far, "!", 1, MSG_OOB), 1);
	usleep(20000);
	put("behind");
	finish(t);

	/* A child that shares the socket takes nothing that it is not given. */
	connected();
	t = reader("fork");
	pid_t child = fork();
	CHECK(child >= 0);
	if (child == 0)
		_exit(0);
	int status;
	CHECK_EQ(waitpid(child, &status, 0), child);
	put("still here");
	finish(t);
	t = reader("fork, by the child");
	child = fork();
	if (child == 0)
		_exit(send(far, "from it", 7, 0) != 7);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	finish(t);

	/* The kernel wakes nobody below the mark. */
	connected();
	t = reader("SO_RCVLOWAT");
	CHECK_EQ(setsockopt(near, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low), 0);
	put("12345");
	usleep(20000);
	put("67890");
	finish(t);
	return 0;
}
