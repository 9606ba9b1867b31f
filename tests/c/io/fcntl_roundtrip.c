// rule: fcntl(2) F_GETFL/F_SETFL/F_GETFD/F_SETFD/F_DUPFD/F_SETPIPE_SZ round trips, with and without large-file support (fcntl64)
// env: GEVENTRS_SLICE=5000
// variant: lfs -D_FILE_OFFSET_BITS=64
#include "../io/util.h"

int main(void) {
    int p[2], d;
    char b[4];
    u_pipe(p);
    u_tick_start();
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY);
    CHECK_EQ(fcntl(p[0], F_SETFL, O_NONBLOCK | O_ASYNC), 0);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY | O_NONBLOCK | O_ASYNC);
    CHECK_EQ(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
    U_FAILS(read(p[0], b, 4), EAGAIN);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY | O_NONBLOCK);
    CHECK_EQ(fcntl(p[0], F_SETFL, 0), 0);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY);
    CHECK_EQ(fcntl(p[0], F_SETFD, FD_CLOEXEC), 0);
    CHECK_EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
    CHECK_EQ(d = fcntl(p[0], F_DUPFD, 100), 100);
    CHECK_EQ(fcntl(d, F_GETFD), 0);
    CHECK_EQ(fcntl(d, F_DUPFD_CLOEXEC, 100), 101);
    CHECK_EQ(fcntl(101, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(p[1], F_SETPIPE_SZ, 8192), 8192);
    CHECK_EQ(fcntl(p[0], F_GETPIPE_SZ), 8192);
    CHECK_EQ(fcntl(p[0], F_SETOWN, getpid()), 0);
    CHECK_EQ(fcntl(p[0], F_GETOWN), getpid());
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char name[] = "/tmp/gvt-fcXXXXXX";
    int f = mkstemp(name);
    unlink(name);
    CHECK_EQ(fcntl(f, F_SETLK, &l), 0);
    CHECK_EQ(fcntl(f, F_GETLK, &l), 0);
    CHECK_EQ(l.l_type, F_UNLCK); /* own lock */
    U_FAILS(fcntl(999, F_GETFL), EBADF);
    U_FAILS(fcntl(999, F_SETFL, 0), EBADF);
    U_FAILS(fcntl(f, 12345), EINVAL);
    U_FAILS(fcntl(f, F_DUPFD, -1), EINVAL);
    u_tick_end();
    pthread_t t = u_write_later(10, p[1], "x");
    CHECK_EQ(read(d, b, 4), 1);
    u_join(t);
    puts("ok");
    return 0;
}
