// rule: recv(2) with MSG_PEEK blocks for data and leaves them in the queue
#include "../io/util.h"

int main(void) {
    for (int k = 0; k < 3; k++) {
        int sv[2];
        if (k == 0) u_tcp_pair(sv);
        else u_pair(k == 1 ? SOCK_STREAM : SOCK_DGRAM, sv);
        pthread_t t = u_write_later(10, sv[1], "peek");
        char b[8] = "";
        CHECK_EQ(recv(sv[0], b, 2, MSG_PEEK), 2);
        CHECK_EQ(memcmp(b, "pe", 2), 0);
        CHECK_EQ(recv(sv[0], b, 8, MSG_PEEK), 4);
        CHECK_EQ(recv(sv[0], b, 8, 0), 4);
        CHECK_EQ(memcmp(b, "peek", 4), 0);
        u_join(t);
        t = u_write_later(10, sv[1], "z");
        CHECK_EQ(recv(sv[0], b, 8, MSG_PEEK), 1);
        CHECK_EQ(recv(sv[0], b, 8, MSG_DONTWAIT), 1);
        U_FAILS(recv(sv[0], b, 8, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
        u_join(t);
        close(sv[0]);
        close(sv[1]);
    }
    puts("ok");
    return 0;
}
