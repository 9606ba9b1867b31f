// rule: epoll_wait(2) gives at most maxevents; successive calls go round so that every ready descriptor is reported
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
enum { N = 40 };

int main(void) {
    int e = epoll_create1(0), fd[N], seen[N] = {0};
    for (int i = 0; i < N; i++) {
        fd[i] = eventfd(0, 0);
        struct epoll_event ev = {.events = EPOLLIN, .data.u64 = ((uint64_t)i << 40) | 7};
        CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, fd[i], &ev), 0);
    }
    eventfd_t one = 1;
    pthread_t t = u_later(10, fd[N - 1], &one, sizeof one);
    struct epoll_event out[N];
    CHECK_EQ(epoll_wait(e, out, N, -1), 1);
    CHECK_EQ(out[0].data.u64 >> 40, N - 1);
    u_join(t);
    for (int i = 0; i < N - 1; i++) CHECK_EQ(eventfd_write(fd[i], 1), 0);
    u_tick_start();
    for (int k = 0; k < N / 8; k++) {
        CHECK_EQ(epoll_wait(e, out, 8, -1), 8);
        for (int j = 0; j < 8; j++) {
            CHECK_EQ(out[j].data.u64 & 0xff, 7);
            seen[out[j].data.u64 >> 40]++;
        }
    }
    for (int i = 0; i < N; i++) CHECK_EQ(seen[i], 1);
    CHECK_EQ(epoll_wait(e, out, N, -1), N);
    u_tick_end();
    puts("ok");
    return 0;
}
