// rule: the fortified __recv_chk, __recvfrom_chk and __read_chk block like recv, recvfrom and read
// env: GEVENTRS_SLICE=5000
// cflags: -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"

int main(int argc, char **argv) {
    (void)argv;
    int sv[2];
    u_pair(SOCK_STREAM, sv);
    size_t n = 7 + (size_t)argc; /* unknown to the compiler */
    char b[8];
    for (int i = 0; i < 4; i++) {
        pthread_t t = u_write_later(10, sv[1], "chk");
        ssize_t r;
        if (i == 0) r = recv(sv[0], b, n, 0);
        else if (i == 1) r = recvfrom(sv[0], b, n, 0, NULL, NULL);
        else if (i == 2) r = read(sv[0], b, n);
        else r = recv(sv[0], b, n, MSG_PEEK);
        CHECK_EQ(r, 3);
        CHECK_EQ(memcmp(b, "chk", 3), 0);
        u_join(t);
    }
    struct timeval tv = {0, 30000};
    CHECK_EQ(setsockopt(sv[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    u_tick_start();
    U_FAILS(recv(sv[1], b, n, 0), EAGAIN);
    U_FAILS(read(sv[1], b, n), EAGAIN);
    u_tick_end();
    puts("ok");
    return 0;
}
