// rule: when the peer closes, a blocked recv(2) first gets the data sent before and then 0
#include "../io/util.h"
static int sv[2];
static void *peer(void *arg) {
    (void)arg;
    u_sleep(10);
    CHECK_EQ(write(sv[1], "last", 4), 4);
    u_sleep(10);
    CHECK_EQ(close(sv[1]), 0);
    return NULL;
}

int main(void) {
    for (int k = 0; k < 3; k++) {
        if (k == 2) u_tcp_pair(sv);
        else u_pair(k ? SOCK_SEQPACKET : SOCK_STREAM, sv);
        pthread_t t = u_spawn(peer, NULL);
        char b[16];
        CHECK_EQ(recv(sv[0], b, 16, 0), 4);
        CHECK_EQ(recv(sv[0], b, 16, 0), 0);
        CHECK_EQ(read(sv[0], b, 16), 0);
        u_join(t);
        close(sv[0]);
    }
    puts("ok");
    return 0;
}
