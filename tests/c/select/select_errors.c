// rule: select(2) fails with EBADF for a closed descriptor in a set and EINVAL for a negative nfds or time-out
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int a[2];
    u_pipe(a);
    close(a[0]);
    u_tick_start();
    fd_set r, z;
    FD_ZERO(&r);
    FD_ZERO(&z);
    FD_SET(a[0], &r);
    U_FAILS(select(a[0] + 1, &r, NULL, NULL, NULL), EBADF);
    CHECK(FD_ISSET(a[0], &r)); /* sets stay as they were on an error */
    struct timeval tv = {0, 10000};
    U_FAILS(select(a[0] + 1, NULL, &r, NULL, &tv), EBADF);
    U_FAILS(pselect(a[0] + 1, NULL, NULL, &r, NULL, NULL), EBADF);
    volatile int neg = -1;
    U_FAILS(select(neg, &z, NULL, NULL, NULL), EINVAL);
    tv = (struct timeval){-1, 0};
    U_FAILS(select(1, &z, NULL, NULL, &tv), EINVAL);
    struct timespec ts = {0, 1000000000};
    U_FAILS(pselect(1, &z, NULL, NULL, &ts, NULL), EINVAL);
    u_tick_end();
    puts("ok");
    return 0;
}
