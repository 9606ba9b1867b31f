// rule: epoll_pwait2(2) takes a nanosecond time-out, is never early, and NULL means for ever
// env: GEVENTRS_SLICE=5000
// glibc: 2.35
#include "../io/util.h"
#include <sys/syscall.h>

static long long ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void) {
    int e = epoll_create1(0), a[2];
    u_pipe(a);
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = 3}, out;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, a[0], &ev), 0);
    u_tick_start();
    u_sleep(2);
    int before = u_ticks();
    long want[] = {0, 1, 70000, 999999, 30200000};
    for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
        struct timespec ts = {0, want[i]};
        long long t0 = ns();
        int r = epoll_pwait2(e, &out, 1, &ts, NULL);
        if (r == -1 && errno == ENOSYS) { /* a kernel before 5.11 */
            puts("ok");
            exit(0);
        }
        CHECK_EQ(r, 0);
        CHECK(ns() - t0 >= want[i]);
        CHECK_EQ(ts.tv_nsec, want[i]);
    }
    u_ticked(before);
    struct timespec bad = {0, -1};
    U_FAILS(epoll_pwait2(e, &out, 1, &bad, NULL), EINVAL);
    u_tick_end();
    pthread_t t = u_write_later(20, a[1], "x");
    CHECK_EQ(epoll_pwait2(e, &out, 1, NULL, NULL), 1);
    CHECK_EQ(out.data.u32, 3);
    u_join(t);
    puts("ok");
    return 0;
}
