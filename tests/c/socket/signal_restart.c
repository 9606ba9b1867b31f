// rule: signal(7): a blocked recv, accept or read is restarted after an SA_RESTART handler, and fails with EINTR without it or with SO_RCVTIMEO
#include "../io/util.h"
static volatile sig_atomic_t got;
static volatile int done;
static void on(int s) {
    (void)s;
    got++;
}
static void *kicker(void *arg) {
    while (!done) {
        u_sleep(5);
        if (!done) CHECK_EQ(pthread_kill(*(pthread_t *)arg, SIGUSR1), 0);
    }
    return NULL;
}

int main(void) {
    int sv[2], port, l = u_listen(2, &port);
    u_pair(SOCK_STREAM, sv);
    pthread_t me = pthread_self();
    char b[8];
    struct sigaction sa = {.sa_handler = on, .sa_flags = SA_RESTART};
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    pthread_t k = u_spawn(kicker, &me), t = u_write_later(60, sv[1], "data");
    CHECK_EQ(recv(sv[0], b, 8, 0), 4);
    u_join(t);
    t = u_write_later(30, sv[1], "more");
    CHECK_EQ(read(sv[0], b, 8), 4);
    u_join(t);
    struct timeval tv = {30, 0};
    CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    U_FAILS(recv(sv[0], b, 8, 0), EINTR);
    tv.tv_sec = 0;
    CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    sa.sa_flags = 0;
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    U_FAILS(recv(sv[0], b, 8, 0), EINTR);
    U_FAILS(read(sv[0], b, 8), EINTR);
    U_FAILS(accept(l, NULL, NULL), EINTR);
    done = 1;
    CHECK(got >= 1);
    while (pthread_tryjoin_np(k, NULL)) u_sleep(1);
    puts("ok");
    return 0;
}
