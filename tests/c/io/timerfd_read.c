// rule: read(2) on a timerfd blocks until it expires and gives the number of expirations; timerfd_settime by another thread counts
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int tf;
static void *arm(void *arg) {
    (void)arg;
    u_sleep(10);
    struct itimerspec it = {{0, 0}, {0, 10000000}};
    CHECK_EQ(timerfd_settime(tf, 0, &it, NULL), 0);
    return NULL;
}

int main(void) {
    tf = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    CHECK(tf >= 0);
    uint64_t n;
    u_tick_start();
    u_sleep(2);
    int before = u_ticks();
    struct itimerspec it = {{0, 10000000}, {0, 30000000}};
    int64_t t0 = now_ns();
    CHECK_EQ(timerfd_settime(tf, 0, &it, NULL), 0);
    CHECK_EQ(read(tf, &n, 8), 8);
    CHECK_WAITED(t0, 30);
    CHECK(n >= 1);
    u_ticked(before);
    uint64_t sum = n;
    while (sum < 5) {
        CHECK_EQ(read(tf, &n, 8), 8);
        sum += n;
    }
    CHECK_WAITED(t0, 70);
    u_tick_end();
    memset(&it, 0, sizeof it);
    CHECK_EQ(timerfd_settime(tf, 0, &it, NULL), 0);
    pthread_t t = u_spawn(arm, NULL);
    CHECK_EQ(read(tf, &n, 8), 8); /* disarmed until the thread arms it */
    CHECK_EQ(n, 1);
    u_join(t);
    U_FAILS(read(tf, &n, 4), EINVAL);
    puts("ok");
    return 0;
}
