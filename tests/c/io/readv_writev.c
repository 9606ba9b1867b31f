// rule: readv(2) blocks for data and scatters them in order; writev(2) gathers; a short read fills the first buffers only
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int p[2];
static void *writer(void *arg) {
    struct iovec v[4] = {{"ab", 2}, {"", 0}, {"cde", 3}, {"f", 1}};
    u_sleep(10);
    int n = (int)(intptr_t)arg;
    CHECK_EQ(writev(p[1], v, n), n == 4 ? 6 : 2);
    return NULL;
}

int main(void) {
    u_pipe(p);
    pthread_t t = u_spawn(writer, (void *)4);
    char a[3], b[2], c[10] = "";
    struct iovec v[3] = {{a, 3}, {b, 2}, {c, 10}};
    CHECK_EQ(readv(p[0], v, 3), 6);
    CHECK_EQ(memcmp(a, "abc", 3), 0);
    CHECK_EQ(memcmp(b, "de", 2), 0);
    CHECK_EQ(memcmp(c, "f\0", 2), 0);
    u_join(t);
    t = u_spawn(writer, (void *)1);
    CHECK_EQ(readv(p[0], v, 3), 2);
    CHECK_EQ(memcmp(a, "abc", 3), 0);
    u_join(t);
    u_tick_start();
    volatile int n = -1;
    U_FAILS(readv(p[0], v, n), EINVAL);
    n = 1025;
    U_FAILS(writev(p[1], v, n), EINVAL);
    CHECK_EQ(writev(p[1], v, 0), 0);
    CHECK_EQ(write(p[1], "", 0), 0);
    u_tick_end();
    puts("ok");
    return 0;
}
