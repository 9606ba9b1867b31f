// rule: connect, accept, send and recv block only the calling thread: a TCP client and server in two threads talk
#include "../io/util.h"
static int port;
static void *client(void *arg) {
    (void)arg;
    int s = u_connect(port);
    struct sockaddr_in a;
    socklen_t l = sizeof a;
    CHECK_EQ(getpeername(s, (struct sockaddr *)&a, &l), 0);
    CHECK_EQ(ntohs(a.sin_port), port);
    for (int i = 0; i < 200; i++) {
        CHECK_EQ(send(s, &i, sizeof i, 0), sizeof i);
        int v;
        CHECK_EQ(recv(s, &v, sizeof v, 0), sizeof v);
        CHECK_EQ(v, i * 3);
    }
    CHECK_EQ(close(s), 0);
    return NULL;
}

int main(void) {
    int l = u_listen(4, &port);
    pthread_t t = u_spawn(client, NULL);
    struct sockaddr_in a, b;
    socklen_t n = sizeof a, m = sizeof b;
    int s = accept(l, (struct sockaddr *)&a, &n), v, count = 0;
    CHECK(s >= 0);
    CHECK_EQ(n, sizeof a);
    CHECK_EQ(a.sin_family, AF_INET);
    CHECK_EQ(a.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    CHECK_EQ(getpeername(s, (struct sockaddr *)&b, &m), 0);
    CHECK_EQ(a.sin_port, b.sin_port);
    ssize_t r;
    while ((r = recv(s, &v, sizeof v, 0)) > 0) {
        CHECK_EQ(r, sizeof v);
        v *= 3;
        CHECK_EQ(send(s, &v, sizeof v, 0), sizeof v);
        count++;
    }
    CHECK_EQ(r, 0);
    u_join(t);
    printf("%d messages\n", count);
    return 0;
}
