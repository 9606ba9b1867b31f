// rule: fifo(7): open(2) of a FIFO for reading blocks until another thread opens it for writing, and the other way round
#include "../io/util.h"
static char f[64];
static void *opener(void *arg) {
    int wr = (int)(intptr_t)arg;
    u_sleep(20);
    int fd = open(f, wr ? O_WRONLY : O_RDONLY);
    CHECK(fd >= 0);
    char b[8];
    if (wr) CHECK_EQ(write(fd, "hello", 5), 5);
    else CHECK_EQ(u_read_all(fd, b, 8), 5);
    CHECK_EQ(close(fd), 0);
    return NULL;
}

int main(void) {
    char dir[] = "/tmp/gvt-fifoXXXXXX", b[8];
    CHECK(mkdtemp(dir));
    snprintf(f, sizeof f, "%s/f", dir);
    CHECK_EQ(mkfifo(f, 0600), 0);
    pthread_t t = u_spawn(opener, (void *)1);
    int fd = open(f, O_RDONLY);
    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDONLY);
    CHECK_EQ(u_read_all(fd, b, 8), 5);
    CHECK_EQ(close(fd), 0);
    u_join(t);
    t = u_spawn(opener, (void *)0);
    fd = open(f, O_WRONLY);
    CHECK(fd >= 0);
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
    CHECK_EQ(write(fd, "hello", 5), 5);
    CHECK_EQ(close(fd), 0);
    u_join(t);
    unlink(f);
    rmdir(dir);
    puts("ok");
    return 0;
}
