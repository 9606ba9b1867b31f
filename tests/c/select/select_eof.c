// rule: select(2) reports end-of-file as readable, on a pipe and on a socket closed by another thread
#include "../io/util.h"

int main(void) {
    int a[2], sv[2];
    u_pipe(a);
    u_pair(SOCK_STREAM, sv);
    pthread_t t = u_close_later(20, a[1]), t2;
    fd_set r;
    FD_ZERO(&r);
    FD_SET(a[0], &r);
    FD_SET(sv[0], &r);
    int n = sv[0] + 1;
    CHECK_EQ(select(n, &r, NULL, NULL, NULL), 1);
    CHECK(FD_ISSET(a[0], &r) && !FD_ISSET(sv[0], &r));
    char c;
    CHECK_EQ(read(a[0], &c, 1), 0);
    t2 = u_close_later(20, sv[1]);
    FD_ZERO(&r);
    FD_SET(sv[0], &r);
    CHECK_EQ(select(n, &r, NULL, NULL, NULL), 1);
    CHECK_EQ(read(sv[0], &c, 1), 0);
    u_join(t);
    u_join(t2);
    puts("ok");
    return 0;
}
