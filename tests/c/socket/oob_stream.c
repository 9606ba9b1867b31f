// rule: a blocking recv(2) stops at the urgent mark and skips the urgent byte, which MSG_OOB gives; SO_OOBINLINE keeps it in the stream
#include "../io/util.h"
static int sv[2];
static void *sender(void *arg) {
    (void)arg;
    u_sleep(10);
    CHECK_EQ(send(sv[1], "abc", 3, 0), 3);
    u_sleep(10);
    CHECK_EQ(send(sv[1], "!", 1, MSG_OOB), 1);
    CHECK_EQ(send(sv[1], "ef", 2, 0), 2);
    close(sv[1]);
    return NULL;
}

int main(void) {
    for (int inl = 0; inl < 2; inl++) {
        u_tcp_pair(sv);
        CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_OOBINLINE, &inl, sizeof inl), 0);
        pthread_t t = u_spawn(sender, NULL);
        char b[16] = "", c;
        CHECK_EQ(recv(sv[0], b, 16, 0), 3);
        CHECK_EQ(memcmp(b, "abc", 3), 0);
        u_join(t);
        CHECK_EQ(sockatmark(sv[0]), 1);
        if (inl) U_FAILS(recv(sv[0], &c, 1, MSG_OOB), EINVAL);
        else {
            CHECK_EQ(recv(sv[0], &c, 1, MSG_OOB), 1);
            CHECK_EQ(c, '!');
        }
        CHECK_EQ(u_read_all(sv[0], b, 16), inl ? 3 : 2);
        CHECK_EQ(memcmp(b, inl ? "!ef" : "ef", inl ? 3 : 2), 0);
        close(sv[0]);
    }
    puts("ok");
    return 0;
}
