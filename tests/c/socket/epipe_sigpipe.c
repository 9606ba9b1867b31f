// rule: sending on a socket whose peer is gone fails with EPIPE and raises SIGPIPE in the sending thread; MSG_NOSIGNAL suppresses it
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static volatile sig_atomic_t count;
static pthread_t who;
static void on(int s) {
    CHECK_EQ(s, SIGPIPE);
    count++;
    who = pthread_self();
}
static int sv[2];
static void *sender(void *arg) {
    (void)arg;
    struct iovec v = {"x", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    U_FAILS(send(sv[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(count, 0);
    U_FAILS(sendmsg(sv[0], &m, MSG_NOSIGNAL), EPIPE);
    CHECK_EQ(count, 0);
    U_FAILS(send(sv[0], "x", 1, 0), EPIPE);
    CHECK_EQ(count, 1);
    CHECK(pthread_equal(who, pthread_self()));
    U_FAILS(write(sv[0], "x", 1), EPIPE);
    CHECK_EQ(count, 2);
    U_FAILS(writev(sv[0], &v, 1), EPIPE);
    CHECK_EQ(count, 3);
    signal(SIGPIPE, SIG_IGN);
    U_FAILS(write(sv[0], "x", 1), EPIPE);
    CHECK_EQ(count, 3);
    return NULL;
}

static void *blocked(void *arg) {
    static char big[8 << 20];
    ssize_t n = write(*(int *)arg, big, sizeof big); /* the peer closes meanwhile */
    CHECK(n == -1 ? errno == EPIPE || errno == ECONNRESET : n < (ssize_t)sizeof big);
    return NULL;
}

int main(void) {
    signal(SIGPIPE, on);
    u_pair(SOCK_STREAM, sv);
    close(sv[1]);
    u_tick_start();
    u_join(u_spawn(sender, NULL));
    u_tick_end();
    int b[2];
    u_pair(SOCK_STREAM, b);
    pthread_t t = u_spawn(blocked, &b[0]);
    u_sleep(20);
    close(b[1]);
    u_join(t);
    puts("ok");
    return 0;
}
