// rule: no blocking call changes the file status flags or descriptor flags the program sees, also while a thread waits in it
#include "../io/util.h"
static int port, l, sv[2], client;
static void *connector(void *arg) {
    (void)arg;
    u_sleep(10);
    CHECK_EQ(fcntl(l, F_GETFL), O_RDWR); /* main waits in accept */
    client = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_EQ(fcntl(client, F_GETFL), O_RDWR);
    struct sockaddr_in a = u_addr(port);
    CHECK_EQ(connect(client, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(fcntl(client, F_GETFL), O_RDWR);
    CHECK_EQ(fcntl(client, F_GETFD), 0);
    return NULL;
}
static void *writer(void *arg) {
    int fd = *(int *)arg;
    u_sleep(10);
    CHECK_EQ(fcntl(sv[0], F_GETFL), O_RDWR); /* main waits in a read */
    CHECK_EQ(fcntl(sv[0], F_GETFD), 0);
    CHECK_EQ(write(fd, "x", 1), 1);
    CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR);
    return NULL;
}

int main(void) {
    l = u_listen(3, &port);
    CHECK_EQ(fcntl(l, F_GETFL), O_RDWR);
    pthread_t t = u_spawn(connector, NULL);
    int s = accept(l, NULL, NULL);
    CHECK(s >= 0);
    u_join(t);
    CHECK_EQ(fcntl(l, F_GETFL), O_RDWR);
    CHECK_EQ(fcntl(s, F_GETFL), O_RDWR);
    for (int k = 0; k < 2; k++) {
        if (k) {
            sv[0] = client;
            sv[1] = s;
        } else {
            u_pair(SOCK_STREAM, sv);
            CHECK_EQ(fcntl(sv[0], F_GETFL), O_RDWR);
        }
        for (int call = 0; call < 5; call++) {
            char b[4];
            struct pollfd p = {sv[0], POLLIN, 0};
            t = u_spawn(writer, &sv[1]);
            if (call == 0) CHECK_EQ(read(sv[0], b, 4), 1);
            if (call == 1) CHECK_EQ(recv(sv[0], b, 4, 0), 1);
            if (call == 2) CHECK_EQ(recvfrom(sv[0], b, 4, 0, NULL, NULL), 1);
            if (call == 3) CHECK_EQ(poll(&p, 1, -1), 1);
            if (call >= 3) CHECK_EQ(recv(sv[0], b, 1, MSG_WAITALL), 1);
            u_join(t);
            CHECK_EQ(fcntl(sv[0], F_GETFL), O_RDWR);
            CHECK_EQ(fcntl(sv[1], F_GETFL), O_RDWR);
        }
    }
    int p[2];
    char c;
    u_pipe(p);
    t = u_write_later(10, p[1], "x");
    CHECK_EQ(read(p[0], &c, 1), 1);
    u_join(t);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY);
    CHECK_EQ(fcntl(p[1], F_GETFL), O_WRONLY);
    puts("ok");
    return 0;
}
