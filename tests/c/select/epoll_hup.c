// rule: epoll reports EPOLLHUP and EPOLLERR unasked, EPOLLRDHUP when asked, when the peer closes in another thread
#include "../io/util.h"

int main(void) {
    int e = epoll_create1(0), a[2], sv[2];
    struct epoll_event ev = {.events = 0}, out;
    u_pipe(a);
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, a[0], &ev), 0);
    pthread_t t = u_close_later(20, a[1]);
    CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
    CHECK_EQ(out.events, EPOLLHUP);
    u_join(t);
    close(a[0]); /* the last descriptor of the file: leaves the set by itself */

    u_tcp_pair(sv);
    ev.events = EPOLLIN | EPOLLRDHUP;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, sv[0], &ev), 0);
    t = u_close_later(20, sv[1]);
    CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
    CHECK_EQ(out.events, EPOLLIN | EPOLLRDHUP);
    u_join(t);
    close(sv[0]);

    u_pipe(a);
    ev.events = 0;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, a[1], &ev), 0);
    t = u_close_later(20, a[0]);
    CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
    CHECK_EQ(out.events, EPOLLERR);
    u_join(t);
    puts("ok");
    return 0;
}
