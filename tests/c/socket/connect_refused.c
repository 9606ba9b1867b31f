// rule: connect(2) to a port nobody listens on fails with ECONNREFUSED; the socket can be used for another connect
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int dead, d = u_bound(SOCK_STREAM, &dead); /* bound, not listening */
    u_tick_start();
    struct sockaddr_in a = u_addr(dead);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    for (int i = 0; i < 3; i++) U_FAILS(connect(s, (struct sockaddr *)&a, sizeof a), ECONNREFUSED);
    CHECK_EQ(fcntl(s, F_GETFL), O_RDWR);
    CHECK_EQ(listen(d, 1), 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&a, sizeof a), 0);
    U_FAILS(connect(s, (struct sockaddr *)&a, sizeof a), EISCONN);
    u_tick_end();
    puts("ok");
    return 0;
}
