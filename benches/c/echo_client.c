/* echo_client PORT CONNECTIONS SECONDS SERVER_PID: keeps one message of 512
 * bytes under way on each connection and counts the replies of SECONDS after a
 * warm-up of half a second. Prints req_per_s, the CPU share of the client and of
 * the server (SERVER_PID) in that time, and how many replies the client found
 * each time it looked: far fewer than CONNECTIONS if the server is what limits. */
#include "echo.h"
#include <sys/epoll.h>

enum { EVENTS = 512 };

struct connection {
    int fd, have;
    unsigned long sent;
};

static char message[MESSAGE];

/* The first 16 bytes tell the connection and the number of the message. */
static void send_next(struct connection *connection) {
    connection->sent++;
    connection->have = 0;
    memcpy(message, &connection, 8);
    memcpy(message + 8, &connection->sent, 8);
    must(send(connection->fd, message, MESSAGE, MSG_NOSIGNAL) == MESSAGE ? 0 : -1, "send");
}

/* Returns whether a whole reply is there. */
static int receive(struct connection *connection) {
    char buffer[MESSAGE];
    ssize_t got = recv(connection->fd, buffer, MESSAGE - connection->have, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    must(got, "recv");
    check(got ? 0 : ECONNRESET, "the server closed a connection");
    if (connection->have == 0 && got >= 16) {
        int same = !memcmp(buffer, &connection, 8) && !memcmp(buffer + 8, &connection->sent, 8);
        check(same ? 0 : EBADMSG, "the reply is not the message sent");
    }
    connection->have += got;
    return connection->have == MESSAGE;
}

/* Each connection has its first reply before the next one is opened, so that the
 * server has accepted all of them before the measurement begins. */
static void connect_all(struct connection *connections, long count, int port, int epoll) {
    struct sockaddr_in server = loopback(port);
    for (long i = 0; i < count; i++) {
        struct connection *connection = &connections[i];
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = connection};
        connection->fd = tcp_socket();
        must(connect(connection->fd, (struct sockaddr *)&server, sizeof server), "connect");
        no_delay(connection->fd);
        send_next(connection);
        while (!receive(connection)) {
        }
        must(fcntl(connection->fd, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
        must(epoll_ctl(epoll, EPOLL_CTL_ADD, connection->fd, &event), "epoll_ctl");
    }
}

/* Echoes until `until`; returns the number of replies and counts the waits. */
static long run(int epoll, long long until, long *waits) {
    struct epoll_event events[EVENTS];
    long replies = 0;
    for (*waits = 0; now_ns() < until; ++*waits) {
        int count = epoll_wait(epoll, events, EVENTS, 100);
        must(count < 0 && errno != EINTR ? -1 : 0, "epoll_wait");
        for (int i = 0; i < count; i++) {
            if (receive(events[i].data.ptr)) {
                replies++;
                send_next(events[i].data.ptr);
            }
        }
    }
    return replies;
}

static double cpu_seconds(pid_t pid) {
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &used))
        return 0;
    return used.tv_sec + used.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    long count = arg_long(argc, argv, 2, 1000);
    long long length = arg_long(argc, argv, 3, 2) * 1000000000LL;
    pid_t server = arg_long(argc, argv, 4, 0);
    struct connection *connections = calloc(count, sizeof *connections);
    check(connections ? 0 : ENOMEM, "calloc");
    int epoll = must(epoll_create1(0), "epoll_create1");
    connect_all(connections, count, arg_long(argc, argv, 1, 0), epoll);
    for (long i = 0; i < count; i++)
        send_next(&connections[i]);
    long waits;
    run(epoll, now_ns() + 500000000LL, &waits);

    double own_cpu = cpu_seconds(0), server_cpu = cpu_seconds(server);
    long long start = now_ns();
    long replies = run(epoll, start + length, &waits);
    double seconds = (now_ns() - start) / 1e9;
    unsigned long fewest = connections[0].sent;
    for (long i = 1; i < count; i++)
        fewest = connections[i].sent < fewest ? connections[i].sent : fewest;
    printf("req_per_s %.1f client_cpu %.3f server_cpu %.3f batch %.1f fewest %lu\n", replies / seconds,
           (cpu_seconds(0) - own_cpu) / seconds,
           (cpu_seconds(server) - server_cpu) / seconds, (double)replies / (waits ? waits : 1), fewest);
    return 0;
}
