// rule: a child waits with its own epoll, poll and timerfd while the parent waits with its: neither takes the other's events
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int run(int fd, int tag) {
    int e = epoll_create1(0), tf = timerfd_create(CLOCK_MONOTONIC, 0), got = 0;
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = 1}, out;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, fd, &ev), 0);
    ev.data.u32 = 2;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, tf, &ev), 0);
    struct itimerspec it = {{0, 0}, {0, 10000000}};
    CHECK_EQ(timerfd_settime(tf, 0, &it, NULL), 0);
    while (got != 3) {
        CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
        uint64_t n;
        int v;
        if (out.data.u32 == 2) CHECK_EQ(read(tf, &n, 8), 8);
        else {
            CHECK_EQ(read(fd, &v, sizeof v), sizeof v);
            CHECK_EQ(v, tag);
        }
        got |= out.data.u32;
    }
    return tag;
}

int main(void) {
    int a[2], b[2];
    u_pipe(a);
    u_pipe(b);
    u_tick_start();
    pid_t c = fork();
    CHECK(c >= 0);
    int v = c ? 7 : 8;
    pthread_t t = u_later(20, c ? a[1] : b[1], &v, sizeof v);
    int r = run(c ? a[0] : b[0], v);
    u_join(t);
    if (c == 0) _exit(r);
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    printf("%d %d\n", r, WEXITSTATUS(st));
    u_tick_end();
    return 0;
}
