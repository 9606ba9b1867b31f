// rule: Linux select(2) stores the time left in its timeval; pselect(2) leaves its timespec alone
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int a[2];
    u_pipe(a);
    fd_set r;
    FD_ZERO(&r);
    FD_SET(a[0], &r);
    u_tick_start();
    struct timeval tv = {0, 30000};
    long t0 = now_ms();
    CHECK_EQ(select(a[0] + 1, &r, NULL, NULL, &tv), 0);
    CHECK(now_ms() - t0 >= 30);
    CHECK_EQ(tv.tv_sec, 0);
    CHECK_EQ(tv.tv_usec, 0);
    CHECK(!FD_ISSET(a[0], &r));
    u_tick_end();

    pthread_t t = u_write_later(30, a[1], "x");
    FD_SET(a[0], &r);
    tv = (struct timeval){60, 0};
    CHECK_EQ(select(a[0] + 1, &r, NULL, NULL, &tv), 1);
    CHECK(tv.tv_sec >= 40 && tv.tv_sec <= 59);
    CHECK(tv.tv_usec >= 0 && tv.tv_usec <= 999999);
    u_join(t);
    char c;
    CHECK_EQ(read(a[0], &c, 1), 1);

    t = u_write_later(30, a[1], "x");
    FD_SET(a[0], &r);
    struct timespec ts = {60, 7};
    CHECK_EQ(pselect(a[0] + 1, &r, NULL, NULL, &ts, NULL), 1);
    CHECK_EQ(ts.tv_sec, 60);
    CHECK_EQ(ts.tv_nsec, 7);
    u_join(t);
    puts("ok");
    return 0;
}
