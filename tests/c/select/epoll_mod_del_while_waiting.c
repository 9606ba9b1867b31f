// rule: epoll_ctl MOD by another thread wakes a waiter when the new events are ready; DEL makes the descriptor silent
#include "../io/util.h"
static int e, sv[2];
static void *modder(void *arg) {
    (void)arg;
    u_sleep(20);
    struct epoll_event ev = {.events = EPOLLOUT, .data.u32 = 2};
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_MOD, sv[0], &ev), 0);
    return NULL;
}

int main(void) {
    e = epoll_create(1);
    u_pair(SOCK_STREAM, sv);
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = 1}, out;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, sv[0], &ev), 0);
    pthread_t t = u_spawn(modder, NULL);
    CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
    CHECK_EQ(out.events, EPOLLOUT);
    CHECK_EQ(out.data.u32, 2);
    u_join(t);
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_DEL, sv[0], NULL), 0);
    t = u_write_later(5, sv[1], "x");
    CHECK_EQ(epoll_wait(e, &out, 1, 30), 0);
    u_join(t);
    U_FAILS(epoll_ctl(e, EPOLL_CTL_DEL, sv[0], NULL), ENOENT);
    U_FAILS(epoll_ctl(e, EPOLL_CTL_MOD, sv[0], &ev), ENOENT);
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, sv[0], &ev), 0);
    U_FAILS(epoll_ctl(e, EPOLL_CTL_ADD, sv[0], &ev), EEXIST);
    U_FAILS(epoll_ctl(e, EPOLL_CTL_ADD, e, &ev), EINVAL);
    puts("ok");
    return 0;
}
