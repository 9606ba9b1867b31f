// rule: select(2) and pselect(2) honour time-outs shorter than a millisecond and are never early; a zero time-out only looks
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

static long long ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(void) {
    int a[2];
    u_pipe(a);
    u_tick_start();
    long us[] = {1, 300, 999, 1001, 15500};
    for (unsigned i = 0; i < sizeof us / sizeof *us; i++) {
        fd_set r;
        FD_ZERO(&r);
        FD_SET(a[0], &r);
        struct timeval tv = {0, us[i]};
        long long t0 = ns();
        CHECK_EQ(select(a[0] + 1, &r, NULL, NULL, &tv), 0);
        CHECK(ns() - t0 >= us[i] * 1000);
        FD_SET(a[0], &r);
        struct timespec ts = {0, us[i] * 1000 + 1};
        t0 = ns();
        CHECK_EQ(pselect(a[0] + 1, &r, NULL, NULL, &ts, NULL), 0);
        CHECK(ns() - t0 >= us[i] * 1000 + 1);
    }
    for (int i = 0; i < 50; i++) {
        fd_set w;
        FD_ZERO(&w);
        FD_SET(a[1], &w);
        struct timeval tv = {0, 0};
        CHECK_EQ(select(a[1] + 1, NULL, &w, NULL, &tv), 1);
    }
    u_tick_end();
    puts("ok");
    return 0;
}
