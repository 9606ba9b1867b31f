/* Shared by the echo servers and their client. */
#ifndef GEVENTRS_BENCH_ECHO_H
#define GEVENTRS_BENCH_ECHO_H
#include "common.h"
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { MESSAGE = 512 };

static inline struct sockaddr_in loopback(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline void no_delay(int fd) {
    int on = 1;
    must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

/* A TCP socket without BBR, which some machines have as their default: its pacing
 * would hold messages back and leave both sides waiting for timers. */
static inline int tcp_socket(void) {
    int fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    must(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4), "TCP_CONGESTION");
    return fd;
}

/* Listens on a free loopback port and prints it as `port N`. */
static inline int listen_and_tell(void) {
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    int fd = tcp_socket(); /* accepted sockets inherit its options */
    must(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
    must(listen(fd, 4096), "listen");
    must(getsockname(fd, (struct sockaddr *)&address, &length), "getsockname");
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}
#endif
