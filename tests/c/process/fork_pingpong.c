// rule: threads of the parent exchange messages with a child over socket pairs, each one with its own
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
enum { T = 4, ROUNDS = 200 };
static int sv[T][2];
static void *ping(void *arg) {
    int fd = sv[(intptr_t)arg][0], v = 0;
    for (int i = 0; i < ROUNDS; i++) {
        u_write_all(fd, &v, sizeof v);
        CHECK_EQ(u_read_all(fd, &v, sizeof v), sizeof v);
    }
    close(fd);
    return (void *)(intptr_t)v;
}
static void *pong(void *arg) {
    int fd = sv[(intptr_t)arg][1], v;
    while (u_read_all(fd, &v, sizeof v) == sizeof v) {
        v += 1 + (int)(intptr_t)arg;
        u_write_all(fd, &v, sizeof v);
    }
    return NULL;
}
static void run(void *(*fn)(void *), int side) {
    pthread_t t[T];
    for (int i = 0; i < T; i++) close(sv[i][!side]);
    for (int i = 0; i < T; i++) t[i] = u_spawn(fn, (void *)(intptr_t)i);
    for (int i = 0; i < T; i++) {
        int v = (int)(intptr_t)u_join(t[i]);
        if (side == 0) printf("%d\n", v);
    }
}

int main(void) {
    for (int i = 0; i < T; i++) u_pair(SOCK_STREAM, sv[i]);
    u_tick_start();
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        run(pong, 1);
        _exit(0);
    }
    run(ping, 0);
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK_EQ(st, 0);
    u_tick_end();
    return 0;
}
