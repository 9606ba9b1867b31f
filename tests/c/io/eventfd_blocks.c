// rule: eventfd(2): a read blocks until the counter is not zero and gets the whole sum; a write blocks at the maximum until a read
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int e;
static void *adder(void *arg) {
    u_sleep(15);
    CHECK_EQ(eventfd_write(e, (eventfd_t)(uintptr_t)arg), 0);
    return NULL;
}
static void *reader(void *arg) {
    (void)arg;
    uint64_t v;
    u_sleep(15);
    CHECK_EQ(read(e, &v, 8), 8);
    CHECK(v == UINT64_MAX - 1);
    return NULL;
}

int main(void) {
    e = eventfd(0, 0);
    CHECK(e >= 0);
    uint64_t v;
    pthread_t t = u_spawn(adder, (void *)7);
    CHECK_EQ(read(e, &v, 8), 8);
    CHECK_EQ(v, 7);
    u_join(t);
    t = u_spawn(adder, (void *)9);
    CHECK_EQ(eventfd_read(e, &v), 0);
    CHECK_EQ(v, 9);
    u_join(t);
    CHECK_EQ(eventfd_write(e, 3), 0);
    CHECK_EQ(eventfd_write(e, 4), 0);
    CHECK_EQ(eventfd_read(e, &v), 0);
    CHECK_EQ(v, 7);

    CHECK_EQ(eventfd_write(e, UINT64_MAX - 1), 0);
    t = u_spawn(reader, NULL);
    v = 5;
    CHECK_EQ(write(e, &v, 8), 8); /* waits for the reader */
    u_join(t);
    CHECK_EQ(eventfd_read(e, &v), 0);
    CHECK_EQ(v, 5);
    CHECK_EQ(eventfd_write(e, UINT64_MAX - 1), 0);
    t = u_spawn(reader, NULL);
    CHECK_EQ(eventfd_write(e, 1), 0);
    u_join(t);
    u_tick_start();
    U_FAILS(read(e, &v, 4), EINVAL);
    v = UINT64_MAX;
    U_FAILS(write(e, &v, 8), EINVAL);
    u_tick_end();
    puts("ok");
    return 0;
}
