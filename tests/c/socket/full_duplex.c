// rule: one thread may read and another write the same socket at the same time, both blocking, 2 MB each way
#include "../io/util.h"
enum { N = 2 << 20 };
static void *reader(void *arg) {
    unsigned char *b = malloc(N);
    CHECK_EQ(u_read_all(*(int *)arg, b, N), N);
    CHECK(u_same(b, N, *(int *)arg % 7));
    free(b);
    return NULL;
}
static int peer_of[64];
static void *writer(void *arg) {
    unsigned char *b = malloc(N);
    u_fill(b, N, peer_of[*(int *)arg] % 7);
    size_t at = 0;
    while (at < N) {
        size_t n = N - at < 300001 ? N - at : 300001;
        CHECK_EQ(write(*(int *)arg, b + at, n), (ssize_t)n);
        at += n;
    }
    free(b);
    return NULL;
}

int main(void) {
    for (int k = 0; k < 2; k++) {
        int sv[2];
        if (k) u_tcp_pair(sv);
        else u_pair(SOCK_STREAM, sv);
        CHECK(sv[0] < 64 && sv[1] < 64);
        peer_of[sv[0]] = sv[1];
        peer_of[sv[1]] = sv[0];
        pthread_t t[4] = {u_spawn(writer, &sv[0]), u_spawn(writer, &sv[1]), u_spawn(reader, &sv[0]), u_spawn(reader, &sv[1])};
        for (int i = 0; i < 4; i++) u_join(t[i]);
        close(sv[0]);
        close(sv[1]);
    }
    puts("ok");
    return 0;
}
