// rule: ppoll, pselect and epoll_pwait install their signal mask only while waiting: a signal blocked outside is handled inside, and they fail with EINTR
#include "../io/util.h"

static volatile sig_atomic_t got;
static void on(int s) {
    (void)s;
    got++;
}
static void *kicker(void *arg) {
    u_sleep(20);
    CHECK_EQ(pthread_kill(*(pthread_t *)arg, SIGUSR1), 0);
    return NULL;
}
static int a[2];

static void *tester(void *arg) {
    (void)arg;
    sigset_t none, now;
    sigemptyset(&none);
    pthread_t me = pthread_self();
    for (int kind = 0; kind < 3; kind++) {
        got = 0;
        pthread_t t = u_spawn(kicker, &me);
        u_sleep(50); /* the signal stays pending for most of the time */
        CHECK_EQ(got, 0);
        if (kind == 1) u_join(t);
        if (kind == 0) {
            struct pollfd p = {a[0], POLLIN, 0};
            U_FAILS(ppoll(&p, 1, NULL, &none), EINTR);
        } else if (kind == 1) {
            fd_set r;
            FD_ZERO(&r);
            FD_SET(a[0], &r);
            U_FAILS(pselect(a[0] + 1, &r, NULL, NULL, NULL, &none), EINTR);
        } else {
            int e = epoll_create1(0);
            struct epoll_event ev;
            U_FAILS(epoll_pwait(e, &ev, 1, -1, &none), EINTR);
            close(e);
        }
        CHECK_EQ(got, 1);
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
        CHECK_EQ(sigismember(&now, SIGUSR1), 1);
        if (kind != 1) u_join(t);
    }
    return NULL;
}

int main(void) {
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &s, NULL), 0);
    struct sigaction sa = {.sa_handler = on, .sa_flags = SA_RESTART};
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    u_pipe(a);
    u_join(u_spawn(tester, NULL));
    puts("ok");
    return 0;
}
