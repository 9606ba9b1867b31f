// rule: a datagram longer than the buffer is cut; MSG_TRUNC gives its real length and recvmsg flags it
#include "../io/util.h"

int main(void) {
    for (int k = 0; k < 2; k++) {
        int sv[2];
        if (k == 0) {
            int p;
            sv[0] = u_bound(SOCK_DGRAM, &p);
            sv[1] = socket(AF_INET, SOCK_DGRAM, 0);
            struct sockaddr_in a = u_addr(p);
            CHECK_EQ(connect(sv[1], (struct sockaddr *)&a, sizeof a), 0);
        } else {
            u_pair(SOCK_DGRAM, sv);
        }
        char b[8] = "";
        pthread_t t = u_write_later(10, sv[1], "0123456789");
        CHECK_EQ(recv(sv[0], b, 4, MSG_TRUNC), 10);
        CHECK_EQ(memcmp(b, "0123\0", 5), 0);
        u_join(t);
        t = u_write_later(10, sv[1], "abcdefgh");
        struct iovec v = {b, 3};
        struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
        CHECK_EQ(recvmsg(sv[0], &m, 0), 3);
        CHECK_EQ(m.msg_flags & MSG_TRUNC, MSG_TRUNC);
        u_join(t);
        t = u_write_later(10, sv[1], "rs"); /* the rest of the one before is gone */
        CHECK_EQ(recv(sv[0], b, 8, 0), 2);
        CHECK_EQ(memcmp(b, "rs", 2), 0);
        u_join(t);
    }
    puts("ok");
    return 0;
}
