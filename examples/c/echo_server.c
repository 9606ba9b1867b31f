// An echo server with a thread for each connection: the simplest server there
// is. It prints its port and serves until it is killed.
//
//     gcc -O2 -pthread echo_server.c -o echo_server
//     ./echo_server [port]
//     LD_PRELOAD=libgeventrs.so ./echo_server [port]
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void *echo(void *arg)
{
	int connection = (int)(intptr_t)arg;
	char buffer[4096];
	ssize_t got;
	while ((got = recv(connection, buffer, sizeof buffer, 0)) > 0) {
		ssize_t sent = 0;
		while (sent < got) {
			ssize_t n = send(connection, buffer + sent, got - sent, MSG_NOSIGNAL);
			if (n < 0) {
				close(connection);
				return NULL;
			}
			sent += n;
		}
	}
	close(connection);
	return NULL;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(argc > 1 ? atoi(argv[1]) : 0),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	socklen_t length = sizeof address;
	int yes = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listener < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0)
		die("bind");
	if (listen(listener, 4096) < 0)
		die("listen");
	getsockname(listener, (struct sockaddr *)&address, &length);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);

	pthread_attr_t detached;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (;;) {
		int connection = accept(listener, NULL, NULL);
		if (connection < 0) {
			if (errno == ECONNABORTED || errno == EINTR)
				continue;
			die("accept");
		}
		pthread_t thread;
		errno = pthread_create(&thread, &detached, echo, (void *)(intptr_t)connection);
		if (errno != 0) {
			perror("pthread_create");
			close(connection);
		}
	}
}
