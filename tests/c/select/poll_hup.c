// rule: poll(2) reports POLLHUP on a pipe whose last writer closed and POLLERR on one whose last reader closed, unasked
#include "../io/util.h"

int main(void) {
    int a[2];
    u_pipe(a);
    pthread_t t = u_close_later(20, a[1]);
    struct pollfd p = {a[0], POLLIN, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLHUP);
    u_join(t);
    close(a[0]);

    u_pipe(a);
    t = u_close_later(20, a[1]);
    p = (struct pollfd){a[0], 0, 0}; /* POLLHUP needs no asking */
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLHUP);
    u_join(t);
    close(a[0]);

    u_pipe(a);
    t = u_close_later(20, a[0]);
    p = (struct pollfd){a[1], 0, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLERR);
    u_join(t);
    close(a[1]);

    u_pipe(a);
    CHECK_EQ(write(a[1], "q", 1), 1);
    close(a[1]);
    t = u_spawn(u_tick_fn, NULL);
    p = (struct pollfd){a[0], POLLIN, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN | POLLHUP);
    u_tick_stop_ = 1;
    u_join(t);
    puts("ok");
    return 0;
}
