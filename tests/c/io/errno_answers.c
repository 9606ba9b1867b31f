// rule: read, write and their kin answer wrong arguments with the kernel's errno while other threads live: EBADF, EFAULT, EISDIR, EINVAL
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    u_tick_start();
    char b[8];
    char *volatile bad = (char *)8;
    int p[2];
    u_pipe(p);
    U_FAILS(read(999, b, 8), EBADF);
    U_FAILS(read(-1, b, 8), EBADF);
    U_FAILS(write(999, b, 8), EBADF);
    U_FAILS(readv(999, &(struct iovec){b, 8}, 1), EBADF);
    U_FAILS(writev(-1, &(struct iovec){b, 8}, 1), EBADF);
    U_FAILS(close(999), EBADF);
    U_FAILS(close(-1), EBADF);
    U_FAILS(dup(999), EBADF);
    U_FAILS(dup2(p[0], -1), EBADF);
    U_FAILS(read(p[1], b, 8), EBADF); /* the wrong end */
    U_FAILS(write(p[0], b, 8), EBADF);
    U_FAILS(write(p[1], bad, 8), EFAULT);
    CHECK_EQ(write(p[1], "x", 1), 1);
    U_FAILS(read(p[0], bad, 8), EFAULT);
    struct iovec *volatile badv = (struct iovec *)8;
    U_FAILS(readv(p[0], badv, 1), EFAULT);
    U_FAILS(writev(p[1], &(struct iovec){bad, 8}, 1), EFAULT);
    int d = open("/", O_RDONLY);
    U_FAILS(read(d, b, 8), EISDIR);
    U_FAILS(write(d, b, 8), EBADF);
    U_FAILS(open("/", O_WRONLY), EISDIR);
    U_FAILS(open("/nonexistent/x", O_RDONLY), ENOENT);
    int f = open("/dev/null", O_RDONLY);
    U_FAILS(write(f, b, 8), EBADF);
    int op = open("/", O_PATH);
    U_FAILS(read(op, b, 8), EBADF);
    U_FAILS(pread(d, b, 8, -1), EINVAL);
    U_FAILS(pipe2(p, 0x7), EINVAL);
    U_FAILS(eventfd(0, 0x7), EINVAL);
    struct timespec ts = {0, 1000000000};
    U_FAILS(nanosleep(&ts, NULL), EINVAL);
    u_tick_end();
    puts("ok");
    return 0;
}
