// rule: SO_RCVTIMEO bounds recv, recvfrom, recvmsg, read and readv: EAGAIN after the time, data when they come before
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int sv[2], before;
    struct timeval tv = {0, 40000};
    char b[8];
    struct iovec v = {b, 8};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    for (int k = 0; k < 2; k++) {
        if (k) u_tcp_pair(sv);
        else u_pair(SOCK_DGRAM, sv);
        CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
        u_tick_start();
        u_sleep(2);
        for (int call = 0; call < 5; call++) {
            if (k && call != 3) continue;
            before = u_ticks();
            long t0 = now_ms();
            switch (call) {
            case 0: U_FAILS(recv(sv[0], b, 8, 0), EAGAIN); break;
            case 1: U_FAILS(recvfrom(sv[0], b, 8, 0, NULL, NULL), EAGAIN); break;
            case 2: U_FAILS(recvmsg(sv[0], &m, 0), EAGAIN); break;
            case 3: U_FAILS(read(sv[0], b, 8), EAGAIN); break;
            case 4: U_FAILS(readv(sv[0], &v, 1), EAGAIN); break;
            }
            CHECK(now_ms() - t0 >= 20); /* the kernel counts jiffies of up to 10 ms */
            u_ticked(before);
        }
        u_tick_end();
        tv = (struct timeval){20, 0};
        CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
        pthread_t t = u_write_later(20, sv[1], "abc");
        CHECK_EQ(read(sv[0], b, 8), 3);
        u_join(t);
        tv = (struct timeval){0, 40000};
    }
    /* MSG_WAITALL: what came until then */
    CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    CHECK_EQ(write(sv[1], "ab", 2), 2);
    u_tick_start();
    CHECK_EQ(recv(sv[0], b, 8, MSG_WAITALL), 2);
    u_tick_end();
    /* zero: for ever again */
    tv = (struct timeval){0, 0};
    CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    pthread_t t = u_write_later(60, sv[1], "z");
    CHECK_EQ(recv(sv[0], b, 8, 0), 1);
    u_join(t);
    puts("ok");
    return 0;
}
