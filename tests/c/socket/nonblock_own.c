// rule: O_NONBLOCK set by the program (fcntl, SOCK_NONBLOCK, FIONBIO) makes calls fail with EAGAIN at once; cleared, they block again
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int sv[2], port;
    char b[8];
    u_tick_start();
    for (int how = 0; how < 3; how++) {
        CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | (how == 1 ? SOCK_NONBLOCK : 0), 0, sv), 0);
        int on = 1, off = 0;
        if (how == 0) CHECK_EQ(fcntl(sv[0], F_SETFL, fcntl(sv[0], F_GETFL) | O_NONBLOCK), 0);
        if (how == 2) CHECK_EQ(ioctl(sv[0], FIONBIO, &on), 0);
        CHECK_EQ(fcntl(sv[0], F_GETFL), O_RDWR | O_NONBLOCK);
        U_FAILS(read(sv[0], b, 8), EAGAIN);
        U_FAILS(recv(sv[0], b, 8, MSG_WAITALL), EAGAIN);
        CHECK_EQ(fcntl(sv[0], F_GETFL), O_RDWR | O_NONBLOCK);
        int d = dup(sv[0]); /* shares the flag */
        CHECK_EQ(fcntl(d, F_GETFL), O_RDWR | O_NONBLOCK);
        U_FAILS(recv(d, b, 8, 0), EAGAIN);
        if (how == 2) CHECK_EQ(ioctl(d, FIONBIO, &off), 0);
        else CHECK_EQ(fcntl(d, F_SETFL, 0), 0);
        CHECK_EQ(fcntl(sv[0], F_GETFL), O_RDWR);
        pthread_t t = u_write_later(10, sv[1], "x");
        CHECK_EQ(read(sv[0], b, 8), 1);
        u_join(t);
        t = u_write_later(10, sv[1], "x");
        CHECK_EQ(read(d, b, 8), 1);
        u_join(t);
        close(d);
        close(sv[0]);
        close(sv[1]);
    }
    int l = u_listen(3, &port);
    CHECK_EQ(fcntl(l, F_SETFL, O_NONBLOCK), 0);
    U_FAILS(accept(l, NULL, NULL), EAGAIN);
    int u = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    U_FAILS(recvfrom(u, b, 8, 0, NULL, NULL), EAGAIN);
    u_tick_end();
    puts("ok");
    return 0;
}
