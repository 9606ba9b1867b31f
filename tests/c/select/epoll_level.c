// rule: a level-triggered epoll registration is reported by every epoll_wait(2) until the data are consumed
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int e = epoll_create1(0), a[2];
    u_pipe(a);
    struct epoll_event ev = {.events = EPOLLIN}, out;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, a[0], &ev), 0);
    pthread_t t = u_write_later(10, a[1], "abc");
    u_tick_start();
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 5; j++) {
            CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
            CHECK_EQ(out.events, EPOLLIN);
        }
        char c;
        CHECK_EQ(read(a[0], &c, 1), 1);
        CHECK_EQ(c, "abc"[i]);
    }
    CHECK_EQ(epoll_wait(e, &out, 1, 10), 0);
    u_tick_end();
    u_join(t);
    puts("ok");
    return 0;
}
