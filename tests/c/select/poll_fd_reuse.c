// rule: readiness belongs to the open file: a new pipe that gets the number of a closed, ready one is not ready
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int keep = -1;
    u_tick_start();
    for (int i = 0; i < 50; i++) {
        int a[2];
        u_pipe(a);
        if (keep == -1) keep = a[0];
        CHECK_EQ(a[0], keep);
        struct pollfd p = {a[0], POLLIN, 0};
        CHECK_EQ(poll(&p, 1, 1), 0);
        pthread_t t = u_write_later(1, a[1], "x");
        CHECK_EQ(poll(&p, 1, -1), 1);
        CHECK_EQ(p.revents, POLLIN);
        u_join(t);
        close(a[0]);
        close(a[1]);
    }
    u_tick_end();
    puts("ok");
    return 0;
}
