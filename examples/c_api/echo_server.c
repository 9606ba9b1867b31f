// An echo server: a greenlet a connection, each in a loop of calls that wait.
//
//     cc echo_server.c $(pkg-config --cflags --libs geventrs) -o echo_server
//     ./echo_server 6000 & nc 127.0.0.1 6000
//
// Without a port it serves a hundred clients of its own, and prints how many got back what
// they had sent.
#include "net.h"

enum { CLIENTS = 100, ROUNDS = 10 };

static unsigned short port;

static void echo(int fd, void *arg)
{
	char buffer[4096];
	ssize_t n;
	(void)arg;
	while ((n = gev_recv(fd, buffer, sizeof buffer, 0, GEV_FOREVER)) > 0)
		if (gev_send(fd, buffer, (size_t)n, MSG_NOSIGNAL, GEV_FOREVER) != n)
			return;
}

static void *client(void *number)
{
	char text[64], back[64];
	int n = snprintf(text, sizeof text, "hello from client %zu", (size_t)number);
	int fd = connect_to(port, GEV_FOREVER);
	size_t well = fd >= 0;
	for (int round = 0; well && round < ROUNDS; round++) {
		well = send_text(fd, text) == 0;
		for (int got = 0; well && got < n;) {
			ssize_t part = gev_recv(fd, back + got, (size_t)(n - got), 0, GEV_FOREVER);
			well = part > 0;
			got += (int)part;
		}
		well = well && memcmp(text, back, (size_t)n) == 0;
	}
	close(fd);
	return (void *)well;
}

int main(int argc, char **argv)
{
	int listener = listen_on(argc > 1 ? (unsigned short)atoi(argv[1]) : 0);
	gev_server *server = gev_server_new(listener, echo, NULL, NULL);
	port = port_of(listener);
	if (argc > 1) {
		printf("listening on port %d\n", port);
		return gev_server_serve_forever(server);
	}
	gev_server_start(server);
	gev_greenlet *clients[CLIENTS];
	size_t well = 0;
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = gev_spawn(client, (void *)i);
	for (size_t i = 0; i < CLIENTS; i++) {
		void *value;
		if (gev_get(clients[i], &value, GEV_FOREVER) == 0)
			well += (size_t)value;
		gev_release(clients[i]);
	}
	printf("%zu of %d clients got their own text back\n", well, CLIENTS);
	gev_server_stop(server, GEV_SECOND);
	gev_server_free(server);
	return 0;
}
