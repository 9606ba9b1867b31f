// rule: a token goes round a ring of 50 threads joined by blocking TCP connections
#include "../io/util.h"
enum { N = 50, LAPS = 20 };
static int in[N], out[N];
static void *node(void *arg) {
    int i = (int)(intptr_t)arg, v;
    while (u_read_all(in[i], &v, sizeof v) == sizeof v) {
        v++;
        u_write_all(out[i], &v, sizeof v);
    }
    close(in[i]);
    close(out[i]);
    return NULL;
}

int main(void) {
    int sv[N + 1][2];
    for (int i = 0; i <= N; i++) u_tcp_pair(sv[i]);
    pthread_t t[N];
    for (int i = 0; i < N; i++) {
        in[i] = sv[i][1];
        out[i] = sv[i + 1][0];
        t[i] = u_spawn(node, (void *)(intptr_t)i);
    }
    int v = 0;
    for (int lap = 0; lap < LAPS; lap++) {
        u_write_all(sv[0][0], &v, sizeof v);
        CHECK_EQ(u_read_all(sv[N][1], &v, sizeof v), sizeof v);
    }
    printf("%d\n", v);
    close(sv[0][0]);
    CHECK_EQ(read(sv[N][1], &v, sizeof v), 0); /* the end travels through too */
    for (int i = 0; i < N; i++) u_join(t[i]);
    return 0;
}
