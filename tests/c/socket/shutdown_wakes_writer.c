// rule: shutdown(2) of the writing half by another thread wakes a blocked sender: a partial count, then EPIPE
#include "../io/util.h"
static int sv[2];
static char big[8 << 20];
static void *shut(void *arg) {
    (void)arg;
    u_sleep(30);
    CHECK_EQ(shutdown(sv[0], SHUT_WR), 0);
    return NULL;
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    for (int k = 0; k < 2; k++) {
        if (k) u_tcp_pair(sv);
        else u_pair(SOCK_STREAM, sv);
        pthread_t t = u_spawn(shut, NULL);
        ssize_t n = send(sv[0], big, sizeof big, 0);
        /* never the full count; none at all when the shutdown came first */
        CHECK(n == -1 ? errno == EPIPE : n > 0 && n < (ssize_t)sizeof big);
        u_join(t);
        U_FAILS(send(sv[0], big, 1, 0), EPIPE);
        close(sv[0]);
        close(sv[1]);
    }
    puts("ok");
    return 0;
}
