// rule: copy_file_range(2) copies between regular files while other threads run
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    char n1[] = "/tmp/gvt-cf1XXXXXX", n2[] = "/tmp/gvt-cf2XXXXXX";
    int a = mkstemp(n1), b = mkstemp(n2), p[2];
    unlink(n1);
    unlink(n2);
    static unsigned char x[300000], y[300000];
    u_fill(x, sizeof x, 0);
    u_tick_start();
    u_write_all(a, x, sizeof x);
    off_t in = 0, out = 0;
    while (in < (off_t)sizeof x) CHECK(copy_file_range(a, &in, b, &out, sizeof x - in, 0) > 0);
    CHECK_EQ(out, sizeof x);
    CHECK_EQ(pread(b, y, sizeof y, 0), sizeof y);
    CHECK_EQ(memcmp(x, y, sizeof x), 0);
    CHECK_EQ(copy_file_range(a, &in, b, &out, 10, 0), 0); /* at the end */
    u_pipe(p);
    U_FAILS(copy_file_range(a, NULL, p[1], NULL, 10, 0), EINVAL);
    U_FAILS(copy_file_range(a, NULL, 999, NULL, 10, 0), EBADF);
    u_tick_end();
    puts("ok");
    return 0;
}
