// rule: the fortified __poll_chk and __ppoll_chk behave as poll and ppoll
// env: GEVENTRS_SLICE=5000
// cflags: -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"

int main(int argc, char **argv) {
    (void)argv;
    int a[2], nul;
    u_pipe(a);
    struct pollfd p[2];
    memset(p, 0, sizeof p);
    p[0].fd = p[1].fd = a[0];
    p[0].events = p[1].events = POLLIN;
    pthread_t t = u_write_later(20, a[1], "x");
    CHECK_EQ(poll(p, (nfds_t)argc, -1), argc); /* count unknown to the compiler: __poll_chk */
    CHECK_EQ(p[0].revents, POLLIN);
    u_join(t);
    char c;
    CHECK_EQ(read(a[0], &c, 1), 1);
    t = u_write_later(20, a[1], "y");
    CHECK_EQ(ppoll(p, (nfds_t)argc, NULL, NULL), argc);
    CHECK_EQ(p[0].revents, POLLIN);
    u_join(t);
    CHECK_EQ(read(a[0], &c, 1), 1);
    u_tick_start();
    int before = u_ticks();
    long t0 = now_ms();
    CHECK_EQ(poll(p, (nfds_t)argc, 50), 0);
    CHECK(now_ms() - t0 >= 50);
    u_ticked(before);
    nul = open("/dev/null", O_RDWR);
    p[0].fd = nul;
    CHECK_EQ(poll(p, (nfds_t)argc, -1), 1);
    CHECK_EQ(p[0].revents, POLLIN);
    u_tick_end();
    puts("ok");
    return 0;
}
