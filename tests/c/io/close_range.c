// rule: close_range(2) of 3..~0 closes the program's descriptors only in its own sight: threads sleep on, new pipes and sockets still work
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

int main(void) {
    int p[2], sv[2];
    char c;
    u_pipe(p);
    pthread_t s = u_spawn(sleeper, NULL);
    pthread_t t = u_write_later(5, p[1], "a");
    CHECK_EQ(read(p[0], &c, 1), 1);
    u_join(t);
    CHECK_EQ(close_range(3, ~0U, 0), 0);
    U_FAILS(read(p[0], &c, 1), EBADF);
    U_FAILS(fcntl(p[1], F_GETFL), EBADF);
    u_sleep(10);
    u_pipe(p);
    CHECK_EQ(p[0], 3); /* the lowest numbers are free again */
    CHECK_EQ(p[1], 4);
    t = u_write_later(10, p[1], "b");
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(c, 'b');
    u_join(t);
    u_tcp_pair(sv);
    t = u_write_later(10, sv[1], "c");
    CHECK_EQ(recv(sv[0], &c, 1, 0), 1);
    u_join(t);
    struct pollfd pf = {sv[0], POLLIN, 0};
    t = u_write_later(10, sv[1], "d");
    CHECK_EQ(poll(&pf, 1, -1), 1);
    u_join(t);
    CHECK_EQ(close_range(3, ~0U, CLOSE_RANGE_CLOEXEC), 0);
    CHECK_EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    u_join(s);
    CHECK_EQ(ticks, 60);
    puts("ok");
    return 0;
}
