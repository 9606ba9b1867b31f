// rule: a blocking write(2) or writev(2) larger than the pipe's capacity returns the full count once a reader drained it
#include "../io/util.h"
enum { N = 1 << 20 };
static int p[2];
static void *reader(void *arg) {
    (void)arg;
    static unsigned char b[10007];
    size_t at = 0;
    ssize_t r;
    u_sleep(20);
    while ((r = read(p[0], b, sizeof b)) > 0) {
        CHECK(u_same(b, r, at));
        at += r;
    }
    CHECK_EQ(r, 0);
    CHECK_EQ(at, 2 * (size_t)N);
    return NULL;
}

int main(void) {
    u_pipe(p);
    unsigned char *b = malloc(2 * N);
    u_fill(b, 2 * N, 0);
    pthread_t t = u_spawn(reader, NULL);
    CHECK_EQ(write(p[1], b, N), N);
    struct iovec v[3] = {{b + N, 5}, {b + N + 5, 500000}, {b + N + 500005, N - 500005}};
    CHECK_EQ(writev(p[1], v, 3), N);
    CHECK_EQ(v[2].iov_len, N - 500005);
    close(p[1]);
    u_join(t);
    puts("ok");
    return 0;
}
