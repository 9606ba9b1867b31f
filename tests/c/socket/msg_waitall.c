// rule: recv(2) with MSG_WAITALL blocks until the whole buffer is filled, or the stream ends (then a short count)
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
static int sv[2];
static void *writer(void *arg) {
    (void)arg;
    for (int i = 0; i < 10; i++) {
        u_sleep(2);
        CHECK_EQ(write(sv[1], "0123456789" + i, 1), 1);
    }
    u_sleep(5);
    CHECK_EQ(write(sv[1], "abc", 3), 3);
    u_sleep(5);
    close(sv[1]);
    return NULL;
}

int main(void) {
    for (int k = 0; k < 2; k++) {
        if (k) u_tcp_pair(sv);
        else u_pair(SOCK_STREAM, sv);
        pthread_t t = u_spawn(writer, NULL);
        char b[16];
        CHECK_EQ(recv(sv[0], b, 6, MSG_WAITALL), 6);
        CHECK_EQ(memcmp(b, "012345", 6), 0);
        struct iovec v[2] = {{b, 2}, {b + 2, 2}};
        struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
        CHECK_EQ(recvmsg(sv[0], &m, MSG_WAITALL), 4);
        CHECK_EQ(memcmp(b, "6789", 4), 0);
        CHECK_EQ(recv(sv[0], b, 10, MSG_WAITALL), 3);
        CHECK_EQ(memcmp(b, "abc", 3), 0);
        CHECK_EQ(recv(sv[0], b, 10, MSG_WAITALL), 0);
        u_join(t);
        close(sv[0]);
    }
    puts("ok");
    return 0;
}
