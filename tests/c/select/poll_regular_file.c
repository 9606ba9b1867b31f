// rule: regular files always poll as ready for reading and writing (poll(2), select(2)); epoll_ctl(2) refuses them with EPERM
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    char name[] = "/tmp/gvt-regXXXXXX";
    int f = mkstemp(name), a[2];
    CHECK(f >= 0);
    CHECK_EQ(unlink(name), 0);
    u_pipe(a);
    u_tick_start();
    struct pollfd p[2] = {{a[0], POLLIN, 0}, {f, POLLIN | POLLOUT, 0}};
    CHECK_EQ(poll(p, 2, -1), 1);
    CHECK_EQ(p[0].revents, 0);
    CHECK_EQ(p[1].revents, POLLIN | POLLOUT);
    fd_set r, w;
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_SET(f, &r);
    FD_SET(a[0], &r);
    FD_SET(f, &w);
    CHECK_EQ(select(f + a[0] + 1, &r, &w, NULL, NULL), 2);
    CHECK(FD_ISSET(f, &r) && FD_ISSET(f, &w) && !FD_ISSET(a[0], &r));
    int d = open("/", O_RDONLY | O_DIRECTORY);
    CHECK(d >= 0);
    p[1] = (struct pollfd){d, POLLIN, 0};
    CHECK_EQ(poll(p, 2, -1), 1);
    CHECK_EQ(p[1].revents, POLLIN);
    int e = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLIN};
    U_FAILS(epoll_ctl(e, EPOLL_CTL_ADD, f, &ev), EPERM);
    u_tick_end();
    puts("ok");
    return 0;
}
