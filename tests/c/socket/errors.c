// rule: wrong use answers at once with the kernel's errno: ENOTCONN, ENOTSOCK, EBADF, EINVAL, EDESTADDRREQ, EOPNOTSUPP, EFAULT, EAFNOSUPPORT
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    u_tick_start();
    char b[8];
    char *volatile bad = (char *)8;
    int port, p[2], sv[2];
    u_pipe(p);
    u_pair(SOCK_STREAM, sv);
    int s = socket(AF_INET, SOCK_STREAM, 0), l = u_listen(2, &port);
    int u = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_in a = u_addr(port);
    U_FAILS(recv(s, b, 8, 0), ENOTCONN);
    U_FAILS(read(s, b, 8), ENOTCONN);
    U_FAILS(send(s, b, 8, MSG_NOSIGNAL), EPIPE);
    U_FAILS(getpeername(s, (struct sockaddr *)&a, &(socklen_t){sizeof a}), ENOTCONN);
    U_FAILS(shutdown(s, SHUT_RD), ENOTCONN);
    U_FAILS(accept(s, NULL, NULL), EINVAL);
    U_FAILS(recv(l, b, 8, 0), ENOTCONN);
    U_FAILS(recv(p[0], b, 8, 0), ENOTSOCK);
    U_FAILS(send(p[1], b, 8, 0), ENOTSOCK);
    U_FAILS(accept(p[0], NULL, NULL), ENOTSOCK);
    U_FAILS(connect(p[0], (struct sockaddr *)&a, sizeof a), ENOTSOCK);
    U_FAILS(recv(999, b, 8, 0), EBADF);
    U_FAILS(send(-1, b, 8, 0), EBADF);
    U_FAILS(accept(999, NULL, NULL), EBADF);
    U_FAILS(connect(999, (struct sockaddr *)&a, sizeof a), EBADF);
    U_FAILS(accept(sv[0], NULL, NULL), EINVAL);
    U_FAILS(accept(u, NULL, NULL), EOPNOTSUPP);
    U_FAILS(send(u, b, 1, 0), ENOTCONN);
    int in = socket(AF_INET, SOCK_DGRAM, 0);
    U_FAILS(send(in, b, 1, 0), EDESTADDRREQ);
    a.sin_family = AF_UNIX;
    U_FAILS(connect(s, (struct sockaddr *)&a, sizeof a), EAFNOSUPPORT);
    U_FAILS(connect(s, (struct sockaddr *)&a, 3), EINVAL);
    CHECK_EQ(write(sv[1], "x", 1), 1);
    U_FAILS(recv(sv[0], bad, 1, 0), EFAULT);
    U_FAILS(send(sv[0], bad, 8, 0), EFAULT);
    U_FAILS(socket(AF_INET, 99, 0), EINVAL);
    U_FAILS(socket(9999, SOCK_STREAM, 0), EAFNOSUPPORT);
    U_FAILS(recv(sv[0], b, 8, MSG_OOB | MSG_DONTWAIT), EINVAL);
    u_tick_end();
    puts("ok");
    return 0;
}
