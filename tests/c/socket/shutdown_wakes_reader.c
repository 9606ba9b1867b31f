// rule: shutdown(2) by another thread wakes a blocked reader of the same socket with 0 (end of file)
#include "../io/util.h"
static int sv[2], how;
static void *shut(void *arg) {
    (void)arg;
    u_sleep(20);
    CHECK_EQ(shutdown(sv[0], how), 0);
    return NULL;
}

int main(void) {
    for (int k = 0; k < 4; k++) {
        if (k & 1) u_tcp_pair(sv);
        else u_pair(SOCK_STREAM, sv);
        how = k & 2 ? SHUT_RD : SHUT_RDWR;
        pthread_t t = u_spawn(shut, NULL);
        char b[4];
        CHECK_EQ(recv(sv[0], b, 4, k & 2 ? MSG_WAITALL : 0), 0);
        u_join(t);
        CHECK_EQ(read(sv[0], b, 4), 0);
        close(sv[0]);
        close(sv[1]);
    }
    puts("ok");
    return 0;
}
