// rule: an epoll descriptor is itself pollable: readable by poll, select and an outer epoll when its set has an event
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int in = epoll_create1(0), out = epoll_create1(0), a[2];
    u_pipe(a);
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = 1}, got;
    CHECK_EQ(epoll_ctl(in, EPOLL_CTL_ADD, a[0], &ev), 0);
    ev.data.u32 = 2;
    CHECK_EQ(epoll_ctl(out, EPOLL_CTL_ADD, in, &ev), 0);
    for (int kind = 0; kind < 3; kind++) {
        pthread_t t = u_write_later(20, a[1], "x");
        if (kind == 0) {
            CHECK_EQ(epoll_wait(out, &got, 1, -1), 1);
            CHECK_EQ(got.data.u32, 2);
        } else if (kind == 1) {
            struct pollfd p = {in, POLLIN, 0};
            CHECK_EQ(poll(&p, 1, -1), 1);
            CHECK_EQ(p.revents, POLLIN);
        } else {
            fd_set r;
            FD_ZERO(&r);
            FD_SET(out, &r);
            CHECK_EQ(select(out + 1, &r, NULL, NULL, NULL), 1);
        }
        CHECK_EQ(epoll_wait(in, &got, 1, -1), 1);
        CHECK_EQ(got.data.u32, 1);
        char c;
        CHECK_EQ(read(a[0], &c, 1), 1);
        u_join(t);
        u_tick_start();
        CHECK_EQ(epoll_wait(out, &got, 1, 5), 0);
        u_tick_end();
    }
    puts("ok");
    return 0;
}
