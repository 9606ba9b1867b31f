// rule: POSIX: open, socket, pipe, dup and accept give the lowest free descriptor number, threads or not
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

/* Prints the numbers: they are the same in both runs. */
int main(void) {
    u_tick_start();
    u_sleep(3);
    int p[2], q[2], port;
    u_pipe(p);
    u_pipe(q);
    printf("pipes %d %d %d %d\n", p[0], p[1], q[0], q[1]);
    close(p[1]);
    int l = u_listen(2, &port);
    CHECK_EQ(l, p[1]);
    printf("socket %d\n", l);
    int c = u_connect(port), s = accept(l, NULL, NULL);
    printf("connected %d accepted %d\n", c, s);
    printf("dup %d\n", dup(0));
    printf("eventfd %d\n", eventfd(0, 0));
    printf("epoll %d\n", epoll_create1(0));
    printf("timerfd %d\n", timerfd_create(CLOCK_MONOTONIC, 0));
    close(p[0]);
    CHECK_EQ(open("/dev/null", O_RDONLY), p[0]);
    close(0);
    CHECK_EQ(open("/dev/null", O_RDONLY), 0);
    u_tick_end();
    return 0;
}
