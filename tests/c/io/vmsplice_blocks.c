// rule: vmsplice(2) into a full pipe blocks until a reader makes room
#include "../io/util.h"
static int p[2];
static size_t cap;
static void *reader(void *arg) {
    (void)arg;
    char *b = malloc(cap);
    u_sleep(20);
    CHECK_EQ(u_read_all(p[0], b, cap), cap);
    CHECK_EQ(u_read_all(p[0], b, 100), 100);
    CHECK_EQ(b[0], 'v');
    free(b);
    return NULL;
}

int main(void) {
    u_pipe(p);
    cap = fcntl(p[1], F_GETPIPE_SZ);
    char *fill = calloc(1, cap);
    CHECK_EQ(write(p[1], fill, cap), (ssize_t)cap);
    static char v[100];
    memset(v, 'v', sizeof v);
    struct iovec io = {v, sizeof v};
    U_FAILS(vmsplice(p[1], &io, 1, SPLICE_F_NONBLOCK), EAGAIN);
    pthread_t t = u_spawn(reader, NULL);
    CHECK_EQ(vmsplice(p[1], &io, 1, 0), 100);
    u_join(t);
    puts("ok");
    return 0;
}
