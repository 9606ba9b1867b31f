// rule: an EPOLLONESHOT registration is reported once and then disabled until EPOLL_CTL_MOD rearms it
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int e = epoll_create1(0), a[2];
    u_pipe(a);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = 5}, out;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, a[0], &ev), 0);
    pthread_t t = u_write_later(20, a[1], "x");
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
        CHECK_EQ(out.events, EPOLLIN);
        CHECK_EQ(out.data.u32, 5);
        u_tick_start();
        CHECK_EQ(epoll_wait(e, &out, 1, 10), 0);
        u_tick_end();
        CHECK_EQ(epoll_ctl(e, EPOLL_CTL_MOD, a[0], &ev), 0);
    }
    u_join(t);
    puts("ok");
    return 0;
}
