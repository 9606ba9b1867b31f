// rule: closefrom(3) and a close loop over all numbers leave the threads working: sleep, pipes and sockets made afterwards
// glibc: 2.34
#include "../io/util.h"
static volatile int ticks;
static void *sleeper(void *arg) {
    (void)arg;
    for (int i = 0; i < 60; i++) {
        u_sleep(1);
        ticks++;
    }
    return NULL;
}
static void check(void) {
    int p[2], sv[2];
    char c;
    u_pipe(p);
    pthread_t t = u_write_later(10, p[1], "b");
    CHECK_EQ(read(p[0], &c, 1), 1);
    u_join(t);
    u_pair(SOCK_STREAM, sv);
    t = u_write_later(10, sv[1], "c");
    CHECK_EQ(recv(sv[0], &c, 1, 0), 1);
    u_join(t);
}

int main(void) {
    pthread_t s = u_spawn(sleeper, NULL);
    check();
    closefrom(3);
    check();
    for (int fd = 3; fd < 2048; fd++) close(fd); /* what old daemons do */
    check();
    u_join(s);
    CHECK_EQ(ticks, 60);
    int e = epoll_create1(0);
    CHECK(e >= 0);
    struct epoll_event ev;
    CHECK_EQ(epoll_wait(e, &ev, 1, 5), 0);
    puts("ok");
    return 0;
}
