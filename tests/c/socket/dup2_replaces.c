// rule: dup2(2) onto an open number replaces the file under it: later waits on the number wait for the new file
#include "../io/util.h"

int main(void) {
    int a[2], b[2];
    char c;
    u_pipe(a);
    pthread_t t = u_write_later(5, a[1], "a");
    CHECK_EQ(read(a[0], &c, 1), 1);
    u_join(t);
    for (int i = 0; i < 20; i++) {
        u_pair(i % 2 ? SOCK_STREAM : SOCK_SEQPACKET, b);
        CHECK_EQ(i % 3 ? dup2(b[0], a[0]) : dup3(b[0], a[0], 0), a[0]);
        CHECK_EQ(close(b[0]), 0);
        struct pollfd p = {a[0], POLLIN, 0};
        t = u_write_later(1, b[1], "b");
        if (i % 2) CHECK_EQ(poll(&p, 1, -1), 1);
        CHECK_EQ(read(a[0], &c, 1), 1);
        CHECK_EQ(c, 'b');
        u_join(t);
        t = u_close_later(1, b[1]);
        CHECK_EQ(read(a[0], &c, 1), 0);
        u_join(t);
    }
    puts("ok");
    return 0;
}
