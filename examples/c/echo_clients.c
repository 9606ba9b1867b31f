// Clients of echo_server: N connections in N threads, all open before the
// first message is sent; M messages on each, every byte that comes back is
// checked. With a third number, all stay connected for so many milliseconds
// once the messages are through.
//
//     gcc -O2 -pthread echo_clients.c -o echo_clients
//     ./echo_clients PORT N M [MILLISECONDS]
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 100 };

static struct sockaddr_in server;
static int messages;
static pthread_barrier_t connected, sent;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void fill(char *message, int client, int number)
{
	for (int i = 0; i < SIZE; i++)
		message[i] = (char)(client * 31 + number * 7 + i);
}

static void *client(void *arg)
{
	int id = (int)(intptr_t)arg;
	char message[SIZE], answer[SIZE];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		die("socket");
	if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
		die("connect");
	pthread_barrier_wait(&connected);
	for (int i = 0; i < messages; i++) {
		fill(message, id, i);
		if (send(fd, message, SIZE, MSG_NOSIGNAL) != SIZE)
			die("send");
		for (int got = 0; got < SIZE;) {
			ssize_t n = recv(fd, answer + got, SIZE - got, 0);
			if (n < 0)
				die("recv");
			if (n == 0) {
				fprintf(stderr, "client %d: closed after %d messages\n", id, i);
				exit(1);
			}
			got += n;
		}
		if (memcmp(message, answer, SIZE) != 0) {
			fprintf(stderr, "client %d: message %d came back changed\n", id, i);
			exit(1);
		}
	}
	pthread_barrier_wait(&sent);
	// main lets go of them by a third round once it has waited.
	pthread_barrier_wait(&connected);
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	if (argc < 4) {
		fprintf(stderr, "usage: %s PORT CONNECTIONS MESSAGES [MILLISECONDS]\n", argv[0]);
		return 2;
	}
	int connections = atoi(argv[2]);
	messages = atoi(argv[3]);
	server.sin_family = AF_INET;
	server.sin_port = htons(atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pthread_barrier_init(&connected, NULL, connections + 1);
	pthread_barrier_init(&sent, NULL, connections + 1);

	pthread_t *threads = calloc(connections, sizeof *threads);
	for (int i = 0; i < connections; i++) {
		errno = pthread_create(&threads[i], NULL, client, (void *)(intptr_t)i);
		if (errno != 0)
			die("pthread_create");
	}
	struct timespec begin, end;
	pthread_barrier_wait(&connected);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	pthread_barrier_wait(&sent);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%d connections, %d messages echoed in %.2f s\n", connections, connections * messages,
	       (end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9);
	fflush(stdout);
	if (argc > 4)
		usleep(atoi(argv[4]) * 1000);
	pthread_barrier_wait(&connected);
	for (int i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
