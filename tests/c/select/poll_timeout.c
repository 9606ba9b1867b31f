// rule: poll(2) returns 0 when the time-out expires, not earlier than asked, while other threads go on running
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int a[2];
    u_pipe(a);
    u_tick_start();
    for (int ms = 1; ms <= 100; ms *= 10) {
        struct pollfd p = {a[0], POLLIN, POLLIN};
        struct timespec x, y;
        clock_gettime(CLOCK_MONOTONIC, &x);
        CHECK_EQ(poll(&p, 1, ms), 0);
        clock_gettime(CLOCK_MONOTONIC, &y);
        long us = (y.tv_sec - x.tv_sec) * 1000000L + (y.tv_nsec - x.tv_nsec) / 1000;
        CHECK(us >= ms * 1000L);
        CHECK(us < 5000000L);
        CHECK_EQ(p.revents, 0);
    }
    u_ticked(2);
    u_tick_end();
    puts("ok");
    return 0;
}
