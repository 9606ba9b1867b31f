// rule: splice(2) between pipes and sockets blocks for data and for room; SPLICE_F_NONBLOCK gives EAGAIN on an empty pipe
#include "../io/util.h"
enum { N = 1 << 20 };
static int src[2], mid[2], sv[2];
static void *feeder(void *arg) {
    (void)arg;
    unsigned char *b = malloc(N);
    u_fill(b, N, 0);
    u_sleep(20);
    u_write_all(src[1], b, N);
    close(src[1]);
    free(b);
    return NULL;
}
static void *mover(void *arg) { /* pipe -> pipe */
    (void)arg;
    ssize_t r;
    size_t n = 0;
    while ((r = splice(src[0], NULL, mid[1], NULL, 100000, 0)) > 0) n += r;
    CHECK_EQ(r, 0);
    CHECK_EQ(n, N);
    close(mid[1]);
    return NULL;
}
static void *to_socket(void *arg) { /* pipe -> socket */
    (void)arg;
    ssize_t r;
    size_t n = 0;
    while ((r = splice(mid[0], NULL, sv[0], NULL, 100000, SPLICE_F_MORE)) > 0) n += r;
    CHECK_EQ(r, 0);
    CHECK_EQ(n, N);
    CHECK_EQ(shutdown(sv[0], SHUT_WR), 0);
    return NULL;
}

int main(void) {
    int out[2];
    u_pipe(src);
    u_pipe(mid);
    u_pipe(out);
    u_tcp_pair(sv);
    U_FAILS(splice(src[0], NULL, mid[1], NULL, 100, SPLICE_F_NONBLOCK), EAGAIN);
    pthread_t t[3] = {u_spawn(feeder, NULL), u_spawn(mover, NULL), u_spawn(to_socket, NULL)};
    u_sleep(10);
    static unsigned char b[65536];
    size_t at = 0;
    for (;;) { /* socket -> pipe */
        ssize_t r = splice(sv[1], NULL, out[1], NULL, 40000, 0);
        CHECK(r >= 0);
        if (r == 0) break;
        CHECK_EQ(u_read_all(out[0], b, r), (size_t)r);
        CHECK(u_same(b, r, at));
        at += r;
    }
    CHECK_EQ(at, N);
    for (int i = 0; i < 3; i++) u_join(t[i]);
    puts("ok");
    return 0;
}
