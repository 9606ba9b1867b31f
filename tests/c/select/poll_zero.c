// rule: poll(2) with time-out 0 returns at once, ready or not; a negative fd is ignored with revents 0
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int a[2];
    u_pipe(a);
    u_tick_start();
    struct pollfd p[3] = {{a[0], POLLIN, 1}, {-1, POLLIN, 0x55}, {-7, POLLOUT, 0x55}};
    for (int i = 0; i < 100; i++) CHECK_EQ(poll(p, 3, 0), 0);
    CHECK_EQ(p[0].revents, 0);
    CHECK_EQ(p[1].revents, 0);
    CHECK_EQ(p[2].revents, 0);
    CHECK_EQ(write(a[1], "z", 1), 1);
    CHECK_EQ(poll(p, 3, 0), 1);
    CHECK_EQ(p[0].revents, POLLIN);
    CHECK_EQ(p[1].revents, 0);
    char c;
    CHECK_EQ(read(a[0], &c, 1), 1);
    CHECK_EQ(poll(p, 3, 0), 0);
    CHECK_EQ(p[0].revents, 0);
    CHECK_EQ(poll(p + 1, 2, 20), 0); /* only ignored ones: a sleep */
    u_tick_end();
    puts("ok");
    return 0;
}
