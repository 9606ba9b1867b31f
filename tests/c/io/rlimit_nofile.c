// rule: at RLIMIT_NOFILE open, socket, pipe, dup and accept fail with EMFILE, and waiting goes on working, also afterwards
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int port;
static void *client(void *arg) {
    struct sockaddr_in a = u_addr(port);
    CHECK_EQ(connect(*(int *)arg, (struct sockaddr *)&a, sizeof a), 0);
    return NULL;
}

int main(void) {
    int p[2], sv[2], fds[64], n = 0, c, l = u_listen(4, &port);
    u_pipe(p);
    u_pair(SOCK_STREAM, sv);
    int cs = socket(AF_INET, SOCK_STREAM, 0);
    struct rlimit rl;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &rl), 0);
    rl.rlim_cur = 40;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &rl), 0);
    u_tick_start();
    while ((c = open("/dev/null", O_RDONLY)) >= 0) {
        CHECK(n < 64);
        fds[n++] = c;
    }
    CHECK_EQ(errno, EMFILE);
    CHECK_EQ(fds[n - 1], 39);
    int q[2];
    U_FAILS(pipe(q), EMFILE);
    U_FAILS(socket(AF_INET, SOCK_STREAM, 0), EMFILE);
    U_FAILS(dup(0), EMFILE);
    U_FAILS(epoll_create1(0), EMFILE);
    char b[4];
    pthread_t t = u_write_later(10, p[1], "x"); /* threads start and wait without new descriptors */
    CHECK_EQ(read(p[0], b, 4), 1);
    u_join(t);
    t = u_write_later(10, sv[1], "x");
    struct pollfd pf = {sv[0], POLLIN, 0};
    CHECK_EQ(poll(&pf, 1, -1), 1);
    CHECK_EQ(read(sv[0], b, 4), 1);
    u_join(t);
    t = u_spawn(client, &cs);
    U_FAILS(accept(l, NULL, NULL), EMFILE);
    u_join(t);
    u_sleep(5);
    for (int i = 0; i < n; i++) CHECK_EQ(close(fds[i]), 0);
    c = accept(l, NULL, NULL);
    CHECK(c >= 0);
    t = u_write_later(10, cs, "y");
    CHECK_EQ(read(c, b, 4), 1);
    u_join(t);
    u_tick_end();
    puts("ok");
    return 0;
}
