// rule: poll(NULL, 0, ms), select(0, NULL, NULL, NULL, tv) and epoll_wait on an empty set are sleeps of at least that time
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    u_tick_start();
    u_sleep(2);
    int before = u_ticks();
    long t0 = now_ms();
    CHECK_EQ(poll(NULL, 0, 40), 0);
    CHECK(now_ms() - t0 >= 40);
    u_ticked(before);
    before = u_ticks();
    t0 = now_ms();
    struct timeval tv = {0, 40000};
    CHECK_EQ(select(0, NULL, NULL, NULL, &tv), 0);
    CHECK(now_ms() - t0 >= 40);
    u_ticked(before);
    before = u_ticks();
    t0 = now_ms();
    struct epoll_event ev;
    int e = epoll_create1(EPOLL_CLOEXEC);
    CHECK_EQ(epoll_wait(e, &ev, 1, 40), 0);
    CHECK(now_ms() - t0 >= 40);
    u_ticked(before);
    u_tick_end();
    puts("ok");
    return 0;
}
