// rule: preadv2/pwritev2 with offset -1 work on pipes and block there; RWF_NOWAIT gives EAGAIN; an offset gives ESPIPE
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int p[2];
static void *writer(void *arg) {
    (void)arg;
    u_sleep(20);
    struct iovec v = {"abc", 3};
    CHECK_EQ(pwritev2(p[1], &v, 1, -1, 0), 3);
    return NULL;
}

int main(void) {
    u_pipe(p);
    char b[8];
    struct iovec v = {b, 8};
    u_tick_start();
    U_FAILS(preadv2(p[0], &v, 1, -1, RWF_NOWAIT), EAGAIN);
    U_FAILS(preadv2(p[0], &v, 1, 0, 0), ESPIPE);
    U_FAILS(preadv(p[0], &v, 1, 0), ESPIPE);
    U_FAILS(pread(p[0], b, 8, 0), ESPIPE);
    U_FAILS(pwrite(p[1], b, 8, 0), ESPIPE);
    U_FAILS(lseek(p[0], 0, SEEK_CUR), ESPIPE);
    u_tick_end();
    pthread_t t = u_spawn(writer, NULL);
    CHECK_EQ(preadv2(p[0], &v, 1, -1, 0), 3);
    CHECK_EQ(memcmp(b, "abc", 3), 0);
    u_join(t);
    puts("ok");
    return 0;
}
