// rule: getsockopt(2) gives back what setsockopt(2) set, time-outs included, also after blocking calls
#include "../io/util.h"

static int get(int s, int opt) {
    int v = -1;
    socklen_t l = sizeof v;
    CHECK_EQ(getsockopt(s, SOL_SOCKET, opt, &v, &l), 0);
    return v;
}
int main(void) {
    int sv[2];
    u_tcp_pair(sv);
    struct timeval tv = {1, 500000}, got;
    CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    tv.tv_sec = 7;
    CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
    for (int i = 0; i < 2; i++) {
        socklen_t l = sizeof got;
        CHECK_EQ(getsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &got, &l), 0);
        CHECK_EQ(l, sizeof got);
        CHECK_EQ(got.tv_sec, 1);
        CHECK_EQ(got.tv_usec, 500000);
        CHECK_EQ(getsockopt(sv[0], SOL_SOCKET, SO_SNDTIMEO, &got, &l), 0);
        CHECK_EQ(got.tv_sec, 7);
        CHECK_EQ(got.tv_usec, 500000);
        CHECK_EQ(get(sv[0], SO_TYPE), SOCK_STREAM);
        CHECK_EQ(get(sv[0], SO_ACCEPTCONN), 0);
        CHECK_EQ(get(sv[0], SO_ERROR), 0);
        CHECK_EQ(get(sv[0], SO_DOMAIN), AF_INET);
        pthread_t t = u_write_later(10, sv[1], "x");
        char c;
        CHECK_EQ(read(sv[0], &c, 1), 1);
        u_join(t);
    }
    tv = (struct timeval){0, 1000000};
    CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), -1);
    CHECK_EQ(errno, EDOM);
    int one = 1;
    CHECK_EQ(setsockopt(sv[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), 0);
    U_FAILS(setsockopt(0x7ff, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one), EBADF);
    puts("ok");
    return 0;
}
