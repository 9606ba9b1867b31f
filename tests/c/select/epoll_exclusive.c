// rule: with EPOLLEXCLUSIVE in several epoll sets at least one waiter is woken per event, and none is lost
#include "../io/util.h"
enum { N = 4, EVENTS = 50 };
static int ev;
static int taken;

static void *worker(void *arg) {
    (void)arg;
    int e = epoll_create1(0);
    struct epoll_event x = {.events = EPOLLIN | EPOLLEXCLUSIVE}, out;
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, ev, &x), 0);
    for (;;) {
        CHECK_EQ(epoll_wait(e, &out, 1, -1), 1);
        CHECK_EQ(out.events, EPOLLIN);
        eventfd_t v;
        if (eventfd_read(ev, &v) == -1) {
            CHECK_EQ(errno, EAGAIN); /* another one was faster */
            continue;
        }
        CHECK_EQ(v, 1);
        if (__atomic_add_fetch(&taken, 1, __ATOMIC_SEQ_CST) > EVENTS) break;
    }
    close(e);
    return NULL;
}

int main(void) {
    ev = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
    CHECK(ev >= 0);
    pthread_t t[N];
    for (int i = 0; i < N; i++) t[i] = u_spawn(worker, NULL);
    for (int i = 0; i < EVENTS; i++) {
        CHECK_EQ(eventfd_write(ev, 1), 0);
        if (i % 10 == 0) u_sleep(2);
    }
    while (__atomic_load_n(&taken, __ATOMIC_SEQ_CST) < EVENTS) u_sleep(1);
    for (int i = 1; i <= N; i++) { /* one each to end them */
        CHECK_EQ(eventfd_write(ev, 1), 0);
        while (__atomic_load_n(&taken, __ATOMIC_SEQ_CST) < EVENTS + i) u_sleep(1);
    }
    for (int i = 0; i < N; i++) u_join(t[i]);
    CHECK_EQ(taken, EVENTS + N);
    puts("ok");
    return 0;
}
