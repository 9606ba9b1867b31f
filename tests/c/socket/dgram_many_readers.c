// rule: 16 threads reading one datagram socket: every datagram is received by exactly one, none lost or doubled
#include "../io/util.h"
enum { T = 16, N = 800 };
static int sv[2], seen[N];
static void *reader(void *arg) {
    (void)arg;
    int v;
    for (;;) {
        CHECK_EQ(recv(sv[0], &v, sizeof v, 0), sizeof v);
        if (v == -1) return NULL;
        __atomic_add_fetch(&seen[v], 1, __ATOMIC_SEQ_CST);
    }
}

int main(void) {
    u_pair(SOCK_DGRAM, sv); /* AF_UNIX: reliable, the sender blocks */
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(reader, NULL);
    u_sleep(10);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(send(sv[1], &i, sizeof i, 0), sizeof i);
        if (i % 100 == 0) u_sleep(1);
    }
    int end = -1;
    for (int i = 0; i < T; i++) CHECK_EQ(send(sv[1], &end, sizeof end, 0), sizeof end);
    for (int i = 0; i < T; i++) u_join(t[i]);
    for (int i = 0; i < N; i++) CHECK_EQ(seen[i], 1);
    puts("ok");
    return 0;
}
