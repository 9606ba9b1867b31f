// rule: after close(2) a descriptor number may be given to another kind of file; waiting on it waits for the new file
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int keep = -1;
    u_tick_start();
    for (int i = 0; i < 40; i++) {
        int p[2];
        if (i % 4 == 0) u_pipe(p);
        else if (i % 4 == 1) u_pair(SOCK_STREAM, p);
        else if (i % 4 == 2) {
            u_pair(SOCK_DGRAM, p);
        } else {
            p[0] = eventfd(0, 0);
            p[1] = dup(p[0]);
        }
        if (keep == -1) keep = p[0];
        CHECK_EQ(p[0], keep); /* the lowest free number */
        uint64_t one = 1, got = 0;
        pthread_t t = u_later(1, p[1], &one, sizeof one);
        CHECK_EQ(read(p[0], &got, sizeof got), sizeof got);
        CHECK_EQ(got, 1);
        u_join(t);
        close(p[0]);
        close(p[1]);
    }
    u_tick_end();
    puts("ok");
    return 0;
}
