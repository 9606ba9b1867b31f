// rule: close(2) with SO_LINGER zero resets the connection: the waiting peer gets ECONNRESET
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int sv[2];
    u_tcp_pair(sv);
    struct linger lg = {1, 0};
    CHECK_EQ(setsockopt(sv[1], SOL_SOCKET, SO_LINGER, &lg, sizeof lg), 0);
    pthread_t t = u_close_later(20, sv[1]);
    char b[4];
    U_FAILS(recv(sv[0], b, 4, 0), ECONNRESET);
    u_join(t);
    u_tick_start();
    CHECK_EQ(recv(sv[0], b, 4, 0), 0); /* the error is reported once */
    U_FAILS(send(sv[0], b, 4, MSG_NOSIGNAL), EPIPE);
    u_tick_end();
    puts("ok");
    return 0;
}
