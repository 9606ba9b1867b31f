// rule: the fortified __read_chk and __pread_chk block and answer like read and pread, and abort on an overflow
// env: GEVENTRS_SLICE=5000
// cflags: -O2 -D_FORTIFY_SOURCE=2
// exit: signal 6
#include "../io/util.h"

static char b[8];
int main(int argc, char **argv) {
    (void)argv;
    struct rlimit none = {0, 0};
    CHECK_EQ(setrlimit(RLIMIT_CORE, &none), 0);
    size_t n = 7 + (size_t)argc;
    int p[2];
    u_pipe(p);
    pthread_t t = u_write_later(20, p[1], "chk");
    CHECK_EQ(read(p[0], b, n), 3);
    u_join(t);
    int f = open("/dev/zero", O_RDONLY);
    CHECK_EQ(pread(f, b, n, 0), 8);
    U_FAILS(read(999, b, n), EBADF);
    puts("ok");
    fflush(stdout);
    u_tick_start();
    if (read(p[0], b, n + 1) >= 0) puts("not aborted");
    return 0;
}
