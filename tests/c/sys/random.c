// rule: getrandom(2), getentropy(3), arc4random(3): bytes of the length asked for, and the documented errors, in every thread
// env: GEVENTRS_SLICE=5000
// one-thread: yes
#include "../io/util.h"
#include <sys/random.h>

static void *cancelled(void *arg) {
    unsigned char b[8];
    CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL));
    CHECK_OK(pthread_cancel(pthread_self()));
    CHECK_EQ(getrandom(b, 8, 0), 8);
    CHECK_OK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL));
    getrandom(b, 8, 0);
    return arg; /* not reached where it is a cancellation point */
}

static void *all(void *arg) {
    static const unsigned char zero[512];
    unsigned char b[512];
    (void)arg;
    memset(b, 0, sizeof b);
    CHECK_EQ(getrandom(b, 100, 0), 100);
    CHECK(memcmp(b, zero, 100) != 0 && memcmp(b + 100, zero, 412) == 0);
    CHECK_EQ(getrandom(b, 0, 0), 0);
    CHECK_EQ(getrandom(b, 16, GRND_NONBLOCK), 16);
    CHECK_EQ(getrandom(b, 16, GRND_RANDOM), 16);
    CHECK_ERRNO(getrandom(b, 16, 0x4000), EINVAL);
    memset(b, 0, sizeof b);
    CHECK_EQ(getentropy(b, 256), 0);
    CHECK(memcmp(b, zero, 256) != 0 && memcmp(b + 256, zero, 256) == 0);
    CHECK_ERRNO(getentropy(b, 257), EIO);
#if __GLIBC_PREREQ(2, 36)
    CHECK_EQ(arc4random_uniform(1), 0);
    uint32_t seen = 0;
    for (int i = 0; i < 100; i++) {
        CHECK(arc4random_uniform(10) < 10);
        seen |= arc4random();
    }
    CHECK(seen > 0xffff);
    memset(b, 0, sizeof b);
    arc4random_buf(b, 64);
    CHECK(memcmp(b, zero, 64) != 0 && memcmp(b + 64, zero, 448) == 0);
#endif
    return NULL;
}

int main(void) {
    u_tick_start();
    u_join(u_spawn(all, NULL));
    all(NULL);
    /* Since 2.41 it makes no system call where the kernel's vDSO has one for it (Linux 6.11), and is no
     * cancellation point then. */
    if (!__GLIBC_PREREQ(2, 41)) CHECK(u_join(u_spawn(cancelled, NULL)) == PTHREAD_CANCELED);
    puts("random");
    u_tick_end();
    return 0;
}
