// rule: select(2) counts a descriptor once for every set it is ready in
// env: GEVENTRS_SLICE=5000
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"

int main(void) {
    int sv[2], a[2];
    u_pair(SOCK_STREAM, sv);
    u_pipe(a);
    pthread_t t = u_write_later(20, sv[1], "x");
    fd_set r, w, e;
    FD_ZERO(&r);
    FD_SET(sv[0], &r);
    CHECK_EQ(select(sv[0] + 1, &r, NULL, NULL, NULL), 1);
    u_join(t);
    u_tick_start();
    FD_ZERO(&r);
    FD_ZERO(&w);
    FD_ZERO(&e);
    FD_SET(sv[0], &r);
    FD_SET(sv[0], &w);
    FD_SET(sv[0], &e);
    FD_SET(a[0], &r);
    FD_SET(a[1], &w);
    CHECK_EQ(select(a[1] + 1, &r, &w, &e, NULL), 3);
    CHECK(FD_ISSET(sv[0], &r) && FD_ISSET(sv[0], &w) && !FD_ISSET(sv[0], &e));
    CHECK(!FD_ISSET(a[0], &r) && FD_ISSET(a[1], &w));
    u_tick_end();
    puts("ok");
    return 0;
}
