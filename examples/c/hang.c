/* A program that hangs: one thread holds a lock while it waits for an answer that never
 * comes, two more want the lock, and main joins them. docs/debugging.md shows how
 * geventrs tells. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static int connection;

static void *flusher(void *arg)
{
	char answer[64];
	pthread_mutex_lock(&table);
	if (recv(connection, answer, sizeof answer, 0) < 0)
		perror("recv");
	pthread_mutex_unlock(&table);
	return arg;
}

static void *worker(void *arg)
{
	pthread_mutex_lock(&table);
	pthread_mutex_unlock(&table);
	return arg;
}

static pthread_t begin(void *(*what)(void *), const char *name)
{
	pthread_t t;
	pthread_create(&t, NULL, what, NULL);
	pthread_setname_np(t, name);
	return t;
}

int main(void)
{
	/* The other end is here as well, and silent. */
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	connection = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &size) ||
	    connect(connection, (struct sockaddr *)&at, size)) {
		perror("connection");
		return 1;
	}
	pthread_t first = begin(flusher, "flusher");
	usleep(10000);
	pthread_t second = begin(worker, "worker"), third = begin(worker, "worker");
	pthread_join(third, NULL);
	pthread_join(second, NULL);
	pthread_join(first, NULL);
	return 0;
}
