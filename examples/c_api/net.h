// Sockets on loopback for the examples: what is tedious in C.
#ifndef NET_H
#define NET_H

#include <arpa/inet.h>
#include <geventrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline void die(const char *what)
{
	perror(what);
	exit(1);
}

static inline struct sockaddr_in loopback(unsigned short port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

// A listening socket; port 0 takes a free one.
static inline int listen_on(unsigned short port)
{
	struct sockaddr_in address = loopback(port);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 512))
		die("listen");
	return fd;
}

static inline unsigned short port_of(int fd)
{
	struct sockaddr_in address;
	socklen_t length = sizeof address;
	if (getsockname(fd, (struct sockaddr *)&address, &length))
		die("getsockname");
	return ntohs(address.sin_port);
}

// A connection, or -1.
static inline int connect_to(unsigned short port, gev_time timeout)
{
	struct sockaddr_in address = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (gev_connect(fd, (struct sockaddr *)&address, sizeof address, timeout)) {
		close(fd);
		return -1;
	}
	return fd;
}

// A line without its end, read byte by byte (short lines only); -1 at the end.
static inline int read_line(int fd, char *line, size_t size)
{
	size_t n = 0;
	for (;;) {
		char c;
		if (gev_recv(fd, &c, 1, 0, GEV_FOREVER) != 1)
			return -1;
		if (c == '\n')
			break;
		if (n + 1 < size)
			line[n++] = c;
	}
	line[n] = 0;
	return (int)n;
}

static inline int send_text(int fd, const char *text)
{
	size_t n = strlen(text);
	return gev_send(fd, text, n, MSG_NOSIGNAL, GEV_FOREVER) == (ssize_t)n ? 0 : -1;
}

#endif
