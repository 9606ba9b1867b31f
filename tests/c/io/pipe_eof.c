// rule: a blocked pipe reader gets 0 when the last writer closes, not before (a duplicate keeps the pipe open)
#include "../io/util.h"

static int p[2], d;
static void *closer(void *arg) {
    (void)arg;
    u_sleep(5);
    CHECK_EQ(close(p[1]), 0);
    u_sleep(15);
    CHECK_EQ(write(d, "tail", 4), 4);
    u_sleep(15);
    CHECK_EQ(close(d), 0);
    return NULL;
}

int main(void) {
    char b[8];
    u_pipe(p);
    d = dup(p[1]);
    pthread_t t = u_spawn(closer, NULL);
    CHECK_EQ(read(p[0], b, 8), 4);
    CHECK_EQ(read(p[0], b, 8), 0);
    CHECK_EQ(read(p[0], b, 8), 0);
    u_join(t);
    u_pipe(p);
    t = u_close_later(10, p[1]);
    struct iovec v = {b, 8};
    CHECK_EQ(readv(p[0], &v, 1), 0);
    u_join(t);
    puts("ok");
    return 0;
}
