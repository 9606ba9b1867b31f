// rule: ioctl FIONREAD gives the bytes waiting; FIONBIO switches O_NONBLOCK, seen by F_GETFL and by every duplicate
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int p[2], sv[2], n;
    char b[8];
    u_pipe(p);
    u_pair(SOCK_STREAM, sv);
    CHECK_EQ(ioctl(p[0], FIONREAD, &n), 0);
    CHECK_EQ(n, 0);
    pthread_t t = u_write_later(10, p[1], "abcde");
    CHECK_EQ(read(p[0], b, 2), 2);
    u_join(t);
    CHECK_EQ(ioctl(p[0], FIONREAD, &n), 0);
    CHECK_EQ(n, 3);
    t = u_write_later(10, sv[1], "abcd");
    CHECK_EQ(recv(sv[0], b, 1, 0), 1);
    u_join(t);
    CHECK_EQ(ioctl(sv[0], FIONREAD, &n), 0);
    CHECK_EQ(n, 3);

    u_tick_start();
    int on = 1, off = 0, d = dup(p[0]);
    CHECK_EQ(read(p[0], b, 8), 3);
    CHECK_EQ(ioctl(p[0], FIONBIO, &on), 0);
    CHECK_EQ(fcntl(d, F_GETFL), O_RDONLY | O_NONBLOCK);
    U_FAILS(read(d, b, 8), EAGAIN);
    CHECK_EQ(ioctl(d, FIONBIO, &off), 0);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY);
    U_FAILS(ioctl(999, FIONBIO, &on), EBADF);
    U_FAILS(ioctl(p[0], TCGETS, b), ENOTTY);
    u_tick_end();
    t = u_write_later(10, p[1], "z");
    CHECK_EQ(read(p[0], b, 8), 1);
    u_join(t);
    CHECK_EQ(ioctl(p[0], FIOCLEX), 0);
    CHECK_EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    puts("ok");
    return 0;
}
