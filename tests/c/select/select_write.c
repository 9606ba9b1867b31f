// rule: select(2) on writefds of a full pipe blocks until a reader drained it
#include "../io/util.h"
static int a[2];
static void *drain(void *arg) {
    (void)arg;
    u_sleep(20);
    static char buf[65536];
    CHECK_EQ(u_read_all(a[0], buf, sizeof buf), sizeof buf);
    return NULL;
}

int main(void) {
    u_pipe(a);
    static char buf[65536];
    CHECK_EQ(fcntl(a[1], F_SETPIPE_SZ, 65536), 65536);
    CHECK_EQ(write(a[1], buf, sizeof buf), sizeof buf);
    struct pollfd p = {a[1], POLLOUT, 0};
    CHECK_EQ(poll(&p, 1, 0), 0);
    pthread_t t = u_spawn(drain, NULL);
    fd_set w;
    FD_ZERO(&w);
    FD_SET(a[1], &w);
    CHECK_EQ(select(a[1] + 1, NULL, &w, NULL, NULL), 1);
    CHECK(FD_ISSET(a[1], &w));
    u_join(t);
    puts("ok");
    return 0;
}
