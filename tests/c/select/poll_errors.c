// rule: poll(2) fails with EFAULT for an array outside the address space and EINVAL for more entries than RLIMIT_NOFILE
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    u_tick_start();
    struct pollfd *volatile bad = NULL;
    U_FAILS(poll(bad, 1, -1), EFAULT);
    bad = (struct pollfd *)8;
    U_FAILS(poll(bad, 2, 10), EFAULT);
    struct rlimit rl;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &rl), 0);
    rl.rlim_cur = 64;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &rl), 0);
    static struct pollfd many[65];
    for (int i = 0; i < 65; i++) many[i].fd = -1;
    U_FAILS(poll(many, 65, -1), EINVAL);
    CHECK_EQ(poll(many, 64, 5), 0);
    struct timespec ts = {0, 1000000000};
    U_FAILS(ppoll(many, 1, &ts, NULL), EINVAL);
    ts = (struct timespec){-1, 0};
    U_FAILS(ppoll(many, 1, &ts, NULL), EINVAL);
    u_tick_end();
    puts("ok");
    return 0;
}
