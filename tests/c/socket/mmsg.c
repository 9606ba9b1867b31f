// rule: recvmmsg(2) blocks until all the messages came, with MSG_WAITFORONE only until the first; sendmmsg(2) sends several
#include "../io/util.h"
static int sv[2];
static void *slow(void *arg) {
    (void)arg;
    for (int i = 1; i <= 4; i++) {
        u_sleep(5);
        CHECK_EQ(send(sv[1], "abcd", i, 0), i);
    }
    return NULL;
}
static void *burst(void *arg) {
    (void)arg;
    u_sleep(10);
    struct iovec v[3] = {{"x", 1}, {"yy", 2}, {"zzz", 3}};
    struct mmsghdr m[3] = {{.msg_hdr = {.msg_iov = v, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = v + 1, .msg_iovlen = 1}}, {.msg_hdr = {.msg_iov = v + 2, .msg_iovlen = 1}}};
    CHECK_EQ(sendmmsg(sv[1], m, 3, 0), 3);
    for (int i = 0; i < 3; i++) CHECK_EQ(m[i].msg_len, i + 1);
    return NULL;
}

int main(void) {
    u_pair(SOCK_DGRAM, sv);
    char b[8][16];
    struct iovec v[8];
    struct mmsghdr m[8];
    memset(m, 0, sizeof m);
    for (int i = 0; i < 8; i++) {
        v[i] = (struct iovec){b[i], 16};
        m[i].msg_hdr.msg_iov = &v[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    pthread_t t = u_spawn(slow, NULL);
    CHECK_EQ(recvmmsg(sv[0], m, 4, 0, NULL), 4);
    for (int i = 0; i < 4; i++) CHECK_EQ(m[i].msg_len, i + 1);
    u_join(t);

    t = u_spawn(burst, NULL);
    int got = 0;
    while (got < 3) {
        int r = recvmmsg(sv[0], m + got, 8 - got, MSG_WAITFORONE, NULL);
        CHECK(r >= 1 && r <= 3 - got);
        got += r;
    }
    for (int i = 0; i < 3; i++) CHECK_EQ(m[i].msg_len, i + 1);
    CHECK_EQ(memcmp(b[2], "zzz", 3), 0);
    u_join(t);
    puts("ok");
    return 0;
}
