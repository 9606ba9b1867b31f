// rule: a write(2) blocked on a full pipe fails with EPIPE (SIGPIPE ignored) or ends short when the last reader closes
#include "../io/util.h"

int main(void) {
    static char big[1 << 20];
    int p[2];
    signal(SIGPIPE, SIG_IGN);
    u_pipe(p);
    int cap = fcntl(p[1], F_GETPIPE_SZ);
    CHECK_EQ(write(p[1], big, cap), cap); /* full */
    pthread_t t = u_close_later(20, p[0]);
    U_FAILS(write(p[1], big, 1), EPIPE);
    u_join(t);
    U_FAILS(write(p[1], big, 1), EPIPE);
    close(p[1]);

    u_pipe(p);
    t = u_close_later(20, p[0]);
    ssize_t n = write(p[1], big, sizeof big); /* what was written before counts */
    CHECK(n == cap || (n == -1 && errno == EPIPE)); /* the second when the close came first */
    u_join(t);
    puts("ok");
    return 0;
}
