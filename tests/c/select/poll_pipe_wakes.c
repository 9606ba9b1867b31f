// rule: poll(2) with time-out -1 blocks until a descriptor is ready and reports POLLIN in its revents only
#include "../io/util.h"

int main(void) {
    int a[2], b[2];
    u_pipe(a);
    u_pipe(b);
    pthread_t t = u_write_later(20, b[1], "x");
    struct pollfd p[2] = {{a[0], POLLIN, 0x7f}, {b[0], POLLIN, 0x7f}};
    long t0 = now_ms();
    CHECK_EQ(poll(p, 2, -1), 1);
    CHECK(now_ms() - t0 < 10000);
    CHECK_EQ(p[0].revents, 0);
    CHECK_EQ(p[1].revents, POLLIN);
    u_join(t);
    CHECK_EQ(p[0].fd, a[0]);
    CHECK_EQ(p[0].events, POLLIN);
    puts("ok");
    return 0;
}
