// rule: TCP urgent data polls as POLLPRI and sets the socket in select's exceptfds
#include "../io/util.h"
static int sv[2];
static void *sender(void *arg) {
    (void)arg;
    u_sleep(20);
    CHECK_EQ(send(sv[1], "!", 1, MSG_OOB), 1);
    return NULL;
}

int main(void) {
    u_tcp_pair(sv);
    char c = 0;

    pthread_t t = u_spawn(sender, NULL);
    struct pollfd p = {sv[0], POLLPRI, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLPRI);
    u_join(t);
    CHECK_EQ(recv(sv[0], &c, 1, MSG_OOB), 1);
    CHECK_EQ(c, '!');

    t = u_spawn(sender, NULL);
    fd_set r, e;
    FD_ZERO(&r);
    FD_ZERO(&e);
    FD_SET(sv[0], &e);
    CHECK_EQ(select(sv[0] + 1, &r, NULL, &e, NULL), 1);
    CHECK(FD_ISSET(sv[0], &e));
    CHECK(!FD_ISSET(sv[0], &r));
    u_join(t);
    CHECK_EQ(recv(sv[0], &c, 1, MSG_OOB), 1);
    CHECK_EQ(c, '!');

    t = u_spawn(sender, NULL);
    int ep = epoll_create1(0);
    struct epoll_event ev = {.events = EPOLLPRI, .data.u32 = 9}, out;
    CHECK_EQ(epoll_ctl(ep, EPOLL_CTL_ADD, sv[0], &ev), 0);
    CHECK_EQ(epoll_wait(ep, &out, 1, -1), 1);
    CHECK_EQ(out.events, EPOLLPRI);
    CHECK_EQ(out.data.u32, 9);
    u_join(t);
    puts("ok");
    return 0;
}
