// rule: threads that poll before every read exchange messages without losing a wake-up
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
enum { ROUNDS = 2000 };
static int a[2], b[2];
static void *peer(void *arg) {
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        struct pollfd p = {a[0], POLLIN, 0};
        CHECK_EQ(poll(&p, 1, -1), 1);
        int v;
        CHECK_EQ(read(a[0], &v, sizeof v), sizeof v);
        CHECK_EQ(v, i);
        v = -v;
        CHECK_EQ(write(b[1], &v, sizeof v), sizeof v);
    }
    return NULL;
}

int main(void) {
    u_pipe(a);
    u_pipe(b);
    pthread_t t = u_spawn(peer, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_EQ(write(a[1], &i, sizeof i), sizeof i);
        fd_set r;
        FD_ZERO(&r);
        FD_SET(b[0], &r);
        struct timeval tv = {15, 0};
        CHECK_EQ(select(b[0] + 1, &r, NULL, NULL, &tv), 1);
        int v;
        CHECK_EQ(read(b[0], &v, sizeof v), sizeof v);
        CHECK_EQ(v, -i);
    }
    u_join(t);
    puts("ok");
    return 0;
}
