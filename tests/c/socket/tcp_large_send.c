// rule: a blocking send(2) of 5 MB returns only when all is queued: the full count, byte-exact, while a slow reader drains it
#include "../io/util.h"
enum { N = 5 << 20 };
static int sv[2];
static void *reader(void *arg) {
    (void)arg;
    static unsigned char buf[20011];
    size_t at = 0;
    int k = 0;
    u_sleep(20);
    for (;;) {
        ssize_t r = recv(sv[1], buf, sizeof buf, 0);
        CHECK(r >= 0);
        if (r == 0) break;
        CHECK(u_same(buf, r, at));
        at += r;
        if (++k % 64 == 0) u_sleep(1);
    }
    CHECK_EQ(at, 3 * (size_t)N);
    return NULL;
}

int main(void) {
    u_tcp_pair(sv);
    int sz = 40000;
    CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &sz, sizeof sz), 0);
    CHECK_EQ(setsockopt(sv[1], SOL_SOCKET, SO_RCVBUF, &sz, sizeof sz), 0);
    unsigned char *b = malloc(3 * (size_t)N);
    u_fill(b, 3 * (size_t)N, 0);
    pthread_t t = u_spawn(reader, NULL);
    CHECK_EQ(send(sv[0], b, N, 0), N);
    CHECK_EQ(write(sv[0], b + N, N), N);
    struct iovec v[5] = {{b + 2 * N, 1}, {b + 2 * N + 1, 0}, {b + 2 * N + 1, 70001}, {b + 2 * N + 70002, N - 70003}, {b + 3 * N - 1, 1}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 5};
    CHECK_EQ(sendmsg(sv[0], &m, 0), N);
    close(sv[0]);
    u_join(t);
    puts("ok");
    return 0;
}
