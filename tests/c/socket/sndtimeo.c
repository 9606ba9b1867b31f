// rule: SO_SNDTIMEO bounds a blocking send: a partial count when some was sent, EAGAIN when none
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static char big[8 << 20];

int main(void) {
    for (int k = 0; k < 2; k++) {
        int sv[2];
        if (k) u_tcp_pair(sv);
        else u_pair(SOCK_STREAM, sv);
        struct timeval tv = {0, 60000};
        CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
        u_tick_start();
        u_sleep(2);
        int before = u_ticks();
        long t0 = now_ms();
        ssize_t n = send(sv[0], big, sizeof big, 0);
        CHECK(n > 0 && n < (ssize_t)sizeof big);
        CHECK(now_ms() - t0 >= 40);
        u_ticked(before);
        before = u_ticks();
        t0 = now_ms();
        /* TCP may still have moved some of it into the receiver's growing buffer */
        int tries = 0;
        while ((n = write(sv[0], big, sizeof big)) > 0) CHECK(k == 1 && ++tries < 20);
        CHECK_EQ(n, -1);
        CHECK_EQ(errno, EAGAIN);
        CHECK(now_ms() - t0 >= 40);
        u_ticked(before);
        u_tick_end();
        close(sv[0]);
        close(sv[1]);
    }
    puts("ok");
    return 0;
}
