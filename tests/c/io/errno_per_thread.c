// rule: errno belongs to the thread: a failing call in one thread does not change the errno of a thread that waits
#include "../io/util.h"
static int p[2];
static void *failer(void *arg) {
    (void)arg;
    for (int i = 0; i < 20; i++) {
        U_FAILS(close(-1), EBADF);
        u_sleep(1);
        errno = 0;
        U_FAILS(open("/nonexistent", O_RDONLY), ENOENT);
    }
    CHECK_EQ(write(p[1], "x", 1), 1);
    return NULL;
}

int main(void) {
    u_pipe(p);
    pthread_t t = u_spawn(failer, NULL);
    char c;
    errno = E2BIG;
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(errno, E2BIG); /* a success leaves it alone */
    struct pollfd pf = {p[0], POLLIN, 0};
    CHECK_EQ(poll(&pf, 1, 5), 0);
    CHECK_EQ(errno, E2BIG);
    CHECK_EQ(usleep(2000), 0);
    CHECK_EQ(errno, E2BIG);
    u_join(t);
    CHECK_EQ(errno, E2BIG);
    puts("ok");
    return 0;
}
