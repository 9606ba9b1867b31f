// rule: ppoll(2) takes a nanosecond time-out (shorter than a millisecond too), never returns early and leaves it unmodified
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
    long want[] = {1, 1000, 250000, 999999, 1500000, 20300000};
    for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
        struct pollfd p = {a[0], POLLIN, 1};
        struct timespec ts = {0, want[i]};
        long long t0 = ns();
        CHECK_EQ(ppoll(&p, 1, &ts, NULL), 0);
        long long d = ns() - t0;
        CHECK(d >= want[i]);
        CHECK(d < 5000000000LL);
        CHECK_EQ(ts.tv_sec, 0);
        CHECK_EQ(ts.tv_nsec, want[i]);
        CHECK_EQ(p.revents, 0);
    }
    struct pollfd p = {a[0], POLLIN, 0};
    struct timespec zero = {0, 0};
    CHECK_EQ(ppoll(&p, 1, &zero, NULL), 0);
    u_tick_end();
    pthread_t t = u_write_later(20, a[1], "x");
    CHECK_EQ(ppoll(&p, 1, NULL, NULL), 1);
    CHECK_EQ(p.revents, POLLIN);
    u_join(t);
    puts("ok");
    return 0;
}
