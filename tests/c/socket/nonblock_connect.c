// rule: a non-blocking connect(2) gives EINPROGRESS; poll reports its end and SO_ERROR the result
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int port, l = u_listen(3, &port), err;
    socklen_t el = sizeof err;
    u_tick_start();
    int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in a = u_addr(port);
    int r = connect(s, (struct sockaddr *)&a, sizeof a);
    CHECK(r == 0 || errno == EINPROGRESS);
    struct pollfd p = {s, POLLOUT, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLOUT);
    CHECK_EQ(getsockopt(s, SOL_SOCKET, SO_ERROR, &err, &el), 0);
    CHECK_EQ(err, 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&a, sizeof a), r == 0 ? -1 : 0); /* Linux: the first one after the end succeeds */
    U_FAILS(connect(s, (struct sockaddr *)&a, sizeof a), EISCONN);
    CHECK_EQ(fcntl(s, F_GETFL), O_RDWR | O_NONBLOCK);
    close(l);
    close(s);

    /* A port that is taken and not listened to: nobody else can listen there. */
    u_bound(SOCK_STREAM, &port);
    a = u_addr(port);
    s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    r = connect(s, (struct sockaddr *)&a, sizeof a);
    CHECK_EQ(r, -1);
    if (errno != ECONNREFUSED) {
        CHECK_EQ(errno, EINPROGRESS);
        p.fd = s;
        CHECK_EQ(poll(&p, 1, -1), 1);
        CHECK_EQ(p.revents, POLLOUT | POLLERR | POLLHUP);
        CHECK_EQ(getsockopt(s, SOL_SOCKET, SO_ERROR, &err, &el), 0);
        CHECK_EQ(err, ECONNREFUSED);
    }
    u_tick_end();
    puts("ok");
    return 0;
}
