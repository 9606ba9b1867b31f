// rule: select(2) looks at no more bits than the process has descriptors, so that nfds may exceed the sets; an unreadable set is EFAULT
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
#include <sys/mman.h>

int main(void) {
    struct rlimit lim;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &lim), 0);
    int a[2];
    u_pipe(a);
    u_tick_start();
    /* A set at the end of a page, with nothing readable after it. */
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    CHECK_EQ(mprotect(page + 4096, 4096, PROT_NONE), 0);
    fd_set *r = (fd_set *)(page + 4096 - sizeof(fd_set));
    FD_ZERO(r);
    FD_SET(a[0], r);
    volatile int all = (int)lim.rlim_cur;
    struct timeval tv = {0, 5000};
    CHECK_EQ(select(all, r, NULL, NULL, &tv), 0);
    CHECK(!FD_ISSET(a[0], r));
    FD_SET(a[0], r);
    CHECK_EQ(write(a[1], "x", 1), 1);
    CHECK_EQ(select(all, r, NULL, NULL, NULL), 1);
    CHECK(FD_ISSET(a[0], r));
    tv = (struct timeval){0, 5000};
    U_FAILS(select(10, (fd_set *)(page + 4096), NULL, NULL, &tv), EFAULT);
    u_tick_end();
    puts("ok");
    return 0;
}
