// rule: blocking write, writev and sendto of 2 MB on an AF_UNIX stream return the full count, byte-exact
#include "../io/util.h"
enum { N = 2 << 20 };
static int sv[2];
static void *reader(void *arg) {
    (void)arg;
    static unsigned char buf[30011];
    size_t at = 0;
    ssize_t r;
    u_sleep(20);
    while ((r = read(sv[1], buf, sizeof buf)) > 0) {
        CHECK(u_same(buf, r, at));
        at += r;
    }
    CHECK_EQ(r, 0);
    CHECK_EQ(at, 3 * (size_t)N);
    return NULL;
}

int main(void) {
    u_pair(SOCK_STREAM, sv);
    unsigned char *b = malloc(3 * (size_t)N);
    u_fill(b, 3 * (size_t)N, 0);
    pthread_t t = u_spawn(reader, NULL);
    CHECK_EQ(write(sv[0], b, N), N);
    struct iovec v[3] = {{b + N, 100}, {b + N + 100, 999999}, {b + N + 1000099, N - 1000099}};
    CHECK_EQ(writev(sv[0], v, 3), N);
    CHECK_EQ(v[1].iov_len, 999999); /* the caller's vector stays as it was */
    CHECK_EQ(v[2].iov_base == b + N + 1000099, 1);
    CHECK_EQ(sendto(sv[0], b + 2 * N, N, 0, NULL, 0), N);
    close(sv[0]);
    u_join(t);
    puts("ok");
    return 0;
}
