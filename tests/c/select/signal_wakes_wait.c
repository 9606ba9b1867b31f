// rule: poll, select and epoll_wait are never restarted after a signal handler (signal(7)), even with SA_RESTART: EINTR
#include "../io/util.h"

static volatile sig_atomic_t got, waiting;
static void on(int s) {
    (void)s;
    got++;
}
static volatile int done;
/* Sends again until the wait was over, since the first may come before the wait starts. */
static void *kicker(void *arg) {
    while (!done) {
        u_sleep(10);
        if (!done) CHECK_EQ(pthread_kill(*(pthread_t *)arg, SIGUSR1), 0);
    }
    return NULL;
}

int main(void) {
    struct sigaction sa = {.sa_handler = on, .sa_flags = SA_RESTART};
    CHECK_EQ(sigaction(SIGUSR1, &sa, NULL), 0);
    int a[2];
    u_pipe(a);
    int e = epoll_create1(0);
    pthread_t me = pthread_self();
    pthread_t t = u_spawn(kicker, &me);
    struct pollfd p = {a[0], POLLIN, 0};
    U_FAILS(poll(&p, 1, -1), EINTR);
    fd_set r;
    FD_ZERO(&r);
    FD_SET(a[0], &r);
    U_FAILS(select(a[0] + 1, &r, NULL, NULL, NULL), EINTR);
    struct epoll_event ev;
    U_FAILS(epoll_wait(e, &ev, 1, -1), EINTR);
    done = 1;
    u_join(t);
    CHECK(got >= 3);
    puts("ok");
    return 0;
}
