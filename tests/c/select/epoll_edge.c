// rule: an EPOLLET registration is reported once per arrival of new data, not again while old data stay unread
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int e = epoll_create1(0), sv[2];
    u_pair(SOCK_STREAM, sv);
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET}, out;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, sv[0], &ev), 0);
    for (int i = 0; i < 3; i++) {
        pthread_t t = u_write_later(10, sv[1], "x");
        CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
        CHECK_EQ(out.events, EPOLLIN);
        u_join(t);
        u_tick_start();
        CHECK_EQ(epoll_wait(e, &out, 1, 10), 0); /* unread, but no new edge */
        CHECK_EQ(epoll_wait(e, &out, 1, 0), 0);
        u_tick_end();
    }
    char buf[8];
    CHECK_EQ(read(sv[0], buf, 8), 3);
    puts("ok");
    return 0;
}
