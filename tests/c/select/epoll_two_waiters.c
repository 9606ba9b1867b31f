// rule: several threads may wait on one epoll descriptor; with EPOLLONESHOT every event goes to exactly one of them
#include "../io/util.h"
enum { FDS = 20, ROUNDS = 20, THREADS = 3 };
static int e, efd[FDS], hits[FDS], total;

static void *worker(void *arg) {
    (void)arg;
    for (;;) {
        struct epoll_event out;
        CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
        int i = out.data.u32;
        if (i == 1000) return NULL; /* level-triggered: ends them all */
        eventfd_t v;
        CHECK_EQ(eventfd_read(efd[i], &v), 0); /* would block if two threads had got the event */
        __atomic_add_fetch(&hits[i], (int)v, __ATOMIC_SEQ_CST);
        struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = i};
        CHECK_EQ(epoll_ctl(e, EPOLL_CTL_MOD, efd[i], &ev), 0);
        __atomic_add_fetch(&total, (int)v, __ATOMIC_SEQ_CST);
    }
}

int main(void) {
    e = epoll_create1(0);
    for (int i = 0; i < FDS; i++) {
        efd[i] = eventfd(0, 0);
        struct epoll_event ev = {.events = EPOLLIN | EPOLLONESHOT, .data.u32 = i};
        CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, efd[i], &ev), 0);
    }
    pthread_t t[THREADS];
    for (int i = 0; i < THREADS; i++) t[i] = u_spawn(worker, NULL);
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < FDS; i++) CHECK_EQ(eventfd_write(efd[i], 1), 0);
        u_sleep(1);
    }
    while (__atomic_load_n(&total, __ATOMIC_SEQ_CST) < FDS * ROUNDS) u_sleep(1);
    int stop = eventfd(1, 0);
    struct epoll_event ev = {.events = EPOLLIN, .data.u32 = 1000};
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, stop, &ev), 0);
    for (int i = 0; i < THREADS; i++) u_join(t[i]);
    for (int i = 0; i < FDS; i++) CHECK_EQ(hits[i], ROUNDS);
    puts("ok");
    return 0;
}
