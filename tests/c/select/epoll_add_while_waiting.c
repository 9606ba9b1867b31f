// rule: a descriptor added by epoll_ctl(2) while another thread waits makes that epoll_wait(2) return when it is ready
#include "../io/util.h"
static int e, a[2], b[2];
static void *adder(void *arg) {
    (void)arg;
    u_sleep(20);
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = 0x1122334455667788ULL};
    CHECK_EQ(write(a[1], "x", 1), 1);
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, a[0], &ev), 0); /* already ready */
    return NULL;
}
static void *add_then_write(void *arg) {
    (void)arg;
    u_sleep(10);
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = 2};
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, b[0], &ev), 0);
    u_sleep(10);
    CHECK_EQ(write(b[1], "x", 1), 1);
    return NULL;
}

int main(void) {
    e = epoll_create1(0);
    CHECK(e >= 0);
    u_pipe(a);
    u_pipe(b);
    struct epoll_event out[4];
    pthread_t t = u_spawn(adder, NULL);
    CHECK_EQ(epoll_wait(e, out, 4, -1), 1);
    CHECK(out[0].data.u64 == 0x1122334455667788ULL);
    CHECK_EQ(out[0].events, EPOLLIN);
    u_join(t);
    char c;
    CHECK_EQ(read(a[0], &c, 1), 1);
    t = u_spawn(add_then_write, NULL);
    CHECK_EQ(epoll_wait(e, out, 4, -1), 1);
    CHECK_EQ(out[0].data.u64, 2);
    u_join(t);
    puts("ok");
    return 0;
}
