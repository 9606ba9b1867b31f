// rule: tee(2) blocks for data and copies them without consuming; vmsplice(2) puts memory into a pipe
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int a[2], b[2];
static void *later(void *arg) {
    (void)arg;
    static char text[] = "vmspliced";
    struct iovec v = {text, 9};
    u_sleep(20);
    CHECK_EQ(vmsplice(a[1], &v, 1, 0), 9);
    return NULL;
}

int main(void) {
    u_pipe(a);
    u_pipe(b);
    pthread_t t = u_spawn(later, NULL);
    char c[16];
    CHECK_EQ(tee(a[0], b[1], 100, 0), 9);
    CHECK_EQ(read(a[0], c, 16), 9);
    CHECK_EQ(memcmp(c, "vmspliced", 9), 0);
    CHECK_EQ(read(b[0], c, 16), 9);
    CHECK_EQ(memcmp(c, "vmspliced", 9), 0);
    u_join(t);
    u_tick_start();
    U_FAILS(tee(a[0], b[1], 100, SPLICE_F_NONBLOCK), EAGAIN);
    u_tick_end();
    puts("ok");
    return 0;
}
