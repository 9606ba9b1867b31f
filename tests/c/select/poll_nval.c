// rule: poll(2) reports a descriptor that is not open as POLLNVAL at once, whatever the time-out and the events
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int a[2], b[2];
    u_pipe(a);
    u_pipe(b);
    u_tick_start();
    close(b[0]);
    close(b[1]);
    struct pollfd p[3] = {{a[0], POLLIN, 0}, {b[0], POLLIN, 0}, {b[1], 0, 0}};
    CHECK_EQ(poll(p, 3, -1), 2);
    CHECK_EQ(p[0].revents, 0);
    CHECK_EQ(p[1].revents, POLLNVAL);
    CHECK_EQ(p[2].revents, POLLNVAL);
    p[0].fd = 1 << 20;
    CHECK_EQ(poll(p, 1, -1), 1);
    CHECK_EQ(p[0].revents, POLLNVAL);
    u_tick_end();
    puts("ok");
    return 0;
}
