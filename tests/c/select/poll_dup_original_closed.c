// rule: a duplicate keeps the open file alive: polling the duplicate works after the original descriptor was polled and closed
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int sv[2], e = epoll_create1(0);
    u_pair(SOCK_STREAM, sv);
    struct pollfd p = {sv[0], POLLIN, 0};
    u_tick_start();
    CHECK_EQ(poll(&p, 1, 3), 0);
    int d = dup(sv[0]);
    CHECK_EQ(close(sv[0]), 0);
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLNVAL);
    p.fd = d;
    CHECK_EQ(poll(&p, 1, 3), 0);
    u_tick_end();
    pthread_t t = u_write_later(20, sv[1], "x");
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN);
    u_join(t);
    char c;
    CHECK_EQ(read(d, &c, 1), 1);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = d};
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, d, &ev), 0);
    t = u_write_later(20, sv[1], "y");
    CHECK_EQ(epoll_wait(e, &ev, 1, -1), 1);
    CHECK_EQ(ev.data.fd, d);
    u_join(t);
    puts("ok");
    return 0;
}
