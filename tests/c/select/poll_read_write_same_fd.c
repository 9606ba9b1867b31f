// rule: one thread may poll a socket for input while another polls the same socket for output; each gets its own event
#include "../io/util.h"
static int sv[2];
static void *want_in(void *arg) {
    (void)arg;
    struct pollfd p = {sv[0], POLLIN, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN);
    return NULL;
}
static void *want_out(void *arg) {
    (void)arg;
    struct pollfd p = {sv[0], POLLOUT, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLOUT);
    return NULL;
}

int main(void) {
    static char buf[65536];
    u_pair(SOCK_STREAM, sv);
    while (send(sv[0], buf, sizeof buf, MSG_DONTWAIT) > 0) {}
    CHECK_EQ(errno, EAGAIN);
    pthread_t in = u_spawn(want_in, NULL), out = u_spawn(want_out, NULL);
    u_sleep(20);
    while (recv(sv[1], buf, sizeof buf, MSG_DONTWAIT) > 0) {}
    CHECK_EQ(errno, EAGAIN);
    u_join(out);
    CHECK_EQ(send(sv[1], "x", 1, 0), 1);
    u_join(in);
    puts("ok");
    return 0;
}
