// rule: blocking TCP over IPv6 loopback works between two threads (nothing to test without IPv6)
#include "../io/util.h"
static struct sockaddr_in6 a;
static void *client(void *arg) {
    (void)arg;
    u_sleep(10);
    int s = socket(AF_INET6, SOCK_STREAM, 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&a, sizeof a), 0);
    char c;
    CHECK_EQ(recv(s, &c, 1, 0), 1);
    CHECK_EQ(c, '6');
    u_sleep(10);
    CHECK_EQ(send(s, "ok", 2, 0), 2);
    close(s);
    return NULL;
}

int main(void) {
    int l = socket(AF_INET6, SOCK_STREAM, 0);
    a.sin6_family = AF_INET6;
    a.sin6_addr = in6addr_loopback;
    if (l == -1 || bind(l, (struct sockaddr *)&a, sizeof a) == -1) {
        puts("no IPv6");
        return 0;
    }
    socklen_t n = sizeof a;
    CHECK_EQ(getsockname(l, (struct sockaddr *)&a, &n), 0);
    CHECK_EQ(listen(l, 3), 0);
    pthread_t t = u_spawn(client, NULL);
    struct sockaddr_in6 p;
    n = sizeof p;
    int s = accept(l, (struct sockaddr *)&p, &n);
    CHECK(s >= 0);
    CHECK_EQ(p.sin6_family, AF_INET6);
    u_sleep(10);
    CHECK_EQ(send(s, "6", 1, 0), 1);
    char buf[4];
    CHECK_EQ(recv(s, buf, 4, MSG_WAITALL), 2);
    u_join(t);
    puts("ok");
    return 0;
}
