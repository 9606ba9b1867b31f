// rule: MSG_DONTWAIT makes one call non-blocking (EAGAIN, or a partial send) and leaves the socket blocking
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static char big[1 << 20];

int main(void) {
    int sv[2];
    u_pair(SOCK_STREAM, sv);
    u_tick_start();
    char b[8];
    U_FAILS(recv(sv[0], b, 8, MSG_DONTWAIT), EAGAIN);
    struct iovec v = {b, 8};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    U_FAILS(recvmsg(sv[0], &m, MSG_DONTWAIT), EAGAIN);
    U_FAILS(recvfrom(sv[0], b, 8, MSG_DONTWAIT, NULL, NULL), EAGAIN);
    struct mmsghdr mm = {.msg_hdr = m};
    U_FAILS(recvmmsg(sv[0], &mm, 1, MSG_DONTWAIT, NULL), EAGAIN);
    ssize_t n = send(sv[0], big, sizeof big, MSG_DONTWAIT);
    CHECK(n > 0 && n < (ssize_t)sizeof big);
    while ((n = send(sv[0], big, 1000, MSG_DONTWAIT)) > 0) {}
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(fcntl(sv[0], F_GETFL), O_RDWR);
    u_tick_end();
    pthread_t t = u_write_later(20, sv[1], "blocks");
    CHECK_EQ(recv(sv[0], b, 8, 0), 6);
    u_join(t);
    puts("ok");
    return 0;
}
