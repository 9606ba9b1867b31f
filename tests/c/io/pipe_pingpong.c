// rule: read(2) on an empty pipe blocks only the calling thread: two threads pass a token over two pipes
#include "../io/util.h"
enum { ROUNDS = 5000 };
static int a[2], b[2];
static void *peer(void *arg) {
    (void)arg;
    int v;
    while (u_read_all(a[0], &v, sizeof v)) {
        v++;
        u_write_all(b[1], &v, sizeof v);
    }
    close(b[1]);
    return NULL;
}

int main(void) {
    u_pipe(a);
    CHECK_EQ(pipe2(b, O_CLOEXEC), 0);
    CHECK_EQ(fcntl(b[0], F_GETFD), FD_CLOEXEC);
    pthread_t t = u_spawn(peer, NULL);
    int v = 0;
    for (int i = 0; i < ROUNDS; i++) {
        u_write_all(a[1], &v, sizeof v);
        CHECK_EQ(u_read_all(b[0], &v, sizeof v), sizeof v);
    }
    printf("%d\n", v);
    close(a[1]);
    CHECK_EQ(read(b[0], &v, sizeof v), 0);
    u_join(t);
    return 0;
}
