// rule: one descriptor may stand in several pollfd entries; every entry counts and gets the events it asked for
#include "../io/util.h"

int main(void) {
    int sv[2];
    u_pair(SOCK_STREAM, sv);
    pthread_t t = u_write_later(20, sv[1], "x");
    struct pollfd p[4] = {{sv[0], POLLIN, 0}, {sv[0], 0, 0}, {sv[0], POLLIN | POLLRDHUP, 0}, {sv[0], POLLPRI, 0}};
    CHECK_EQ(poll(p, 4, -1), 2);
    CHECK_EQ(p[0].revents, POLLIN);
    CHECK_EQ(p[1].revents, 0);
    CHECK_EQ(p[2].revents, POLLIN);
    CHECK_EQ(p[3].revents, 0);
    u_join(t);
    int d = dup(sv[0]);
    p[1] = (struct pollfd){d, POLLIN | POLLOUT, 0};
    CHECK_EQ(poll(p, 2, -1), 2);
    CHECK_EQ(p[1].revents, POLLIN | POLLOUT);
    puts("ok");
    return 0;
}
