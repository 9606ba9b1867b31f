// rule: select(2) blocks until a descriptor is ready, leaves only ready ones in the sets and returns their total count
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int a[2], b[2], c[2];
    u_pipe(a);
    u_pipe(b);
    u_pipe(c);
    pthread_t t = u_write_later(20, b[1], "x");
    fd_set r;
    FD_ZERO(&r);
    FD_SET(a[0], &r);
    FD_SET(b[0], &r);
    FD_SET(c[0], &r);
    CHECK_EQ(select(c[0] + 1, &r, NULL, NULL, NULL), 1);
    CHECK(!FD_ISSET(a[0], &r) && FD_ISSET(b[0], &r) && !FD_ISSET(c[0], &r));
    u_join(t);
    /* nfds limits what is looked at */
    FD_ZERO(&r);
    FD_SET(a[0], &r);
    FD_SET(b[0], &r);
    struct timeval tv = {0, 5000};
    t = u_spawn(u_tick_fn, NULL);
    CHECK_EQ(select(b[0], &r, NULL, NULL, &tv), 0);
    u_tick_stop_ = 1;
    u_join(t);
    puts("ok");
    return 0;
}
