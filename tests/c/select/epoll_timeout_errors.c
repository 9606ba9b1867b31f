// rule: epoll_wait(2): zero and finite time-outs; EINVAL for maxevents <= 0 or a descriptor that is no epoll, EBADF for a closed one
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int e = epoll_create1(0), a[2];
    u_pipe(a);
    struct epoll_event ev = {.events = EPOLLIN}, out;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, a[0], &ev), 0);
    u_tick_start();
    u_sleep(2);
    CHECK_EQ(epoll_wait(e, &out, 1, 0), 0);
    int before = u_ticks();
    long t0 = now_ms();
    CHECK_EQ(epoll_wait(e, &out, 1, 50), 0);
    CHECK(now_ms() - t0 >= 50);
    u_ticked(before);
    volatile int zero = 0;
    U_FAILS(epoll_wait(e, &out, zero, 0), EINVAL);
    U_FAILS(epoll_wait(e, &out, zero - 1, -1), EINVAL);
    U_FAILS(epoll_wait(a[0], &out, 1, -1), EINVAL);
    close(e);
    U_FAILS(epoll_wait(e, &out, 1, -1), EBADF);
    U_FAILS(epoll_wait(zero - 1, &out, 1, 10), EBADF);
    u_tick_end();
    puts("ok");
    return 0;
}
