// rule: eventfd, timerfd and signalfd descriptors poll readable when counted up, expired, or a signal is pending
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static void *sig_later(void *arg) {
    (void)arg;
    u_sleep(20);
    CHECK_EQ(kill(getpid(), SIGUSR2), 0);
    return NULL;
}
static void *ev_later(void *arg) {
    u_sleep(20);
    CHECK_EQ(eventfd_write(*(int *)arg, 5), 0);
    return NULL;
}

int main(void) {
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGUSR2);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &s, NULL), 0);
    int ev = eventfd(0, 0), tf = timerfd_create(CLOCK_MONOTONIC, 0), sf = signalfd(-1, &s, 0);
    CHECK(ev >= 0 && tf >= 0 && sf >= 0);
    struct pollfd p[3] = {{ev, POLLIN, 0}, {tf, POLLIN, 0}, {sf, POLLIN, 0}};
    pthread_t t = u_spawn(ev_later, &ev);
    CHECK_EQ(poll(p, 3, -1), 1);
    CHECK_EQ(p[0].revents, POLLIN);
    u_join(t);
    eventfd_t v;
    CHECK_EQ(eventfd_read(ev, &v), 0);
    CHECK_EQ(v, 5);

    u_tick_start();
    struct itimerspec it = {{0, 0}, {0, 20000000}};
    CHECK_EQ(timerfd_settime(tf, 0, &it, NULL), 0);
    CHECK_EQ(poll(p, 3, -1), 1);
    CHECK_EQ(p[1].revents, POLLIN);
    uint64_t n;
    CHECK_EQ(read(tf, &n, 8), 8);
    CHECK_EQ(n, 1);
    u_tick_end();

    t = u_spawn(sig_later, NULL);
    CHECK_EQ(poll(p, 3, -1), 1);
    CHECK_EQ(p[2].revents, POLLIN);
    struct signalfd_siginfo si;
    CHECK_EQ(read(sf, &si, sizeof si), sizeof si);
    CHECK_EQ(si.ssi_signo, SIGUSR2);
    u_join(t);
    p[0].events = POLLIN | POLLOUT;
    CHECK_EQ(poll(p, 3, -1), 1);
    CHECK_EQ(p[0].revents, POLLOUT);
    puts("ok");
    return 0;
}
