// rule: /dev/zero and /dev/null never block; select and poll call them ready
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    u_tick_start();
    int z = open("/dev/zero", O_RDWR), n = open("/dev/null", O_RDWR);
    static char b[100000];
    memset(b, 1, sizeof b);
    CHECK_EQ(read(z, b, sizeof b), sizeof b);
    for (size_t i = 0; i < sizeof b; i++) CHECK_EQ(b[i], 0);
    CHECK_EQ(read(n, b, sizeof b), 0);
    CHECK_EQ(write(n, b, sizeof b), sizeof b);
    CHECK_EQ(write(z, b, sizeof b), sizeof b);
    struct pollfd p[2] = {{z, POLLIN | POLLOUT, 0}, {n, POLLIN | POLLOUT, 0}};
    CHECK_EQ(poll(p, 2, -1), 2);
    CHECK_EQ(p[0].revents, POLLIN | POLLOUT);
    int u = open("/dev/urandom", O_RDONLY);
    CHECK_EQ(read(u, b, 64), 64);
    int full = open("/dev/full", O_WRONLY);
    U_FAILS(write(full, b, 1), ENOSPC);
    U_FAILS(openat(AT_FDCWD, "/dev/null/x", O_RDONLY), ENOTDIR);
    u_tick_end();
    puts("ok");
    return 0;
}
