// rule: an EFD_SEMAPHORE eventfd gives 1 to each read and lets exactly as many blocked readers pass as were posted
#include "../io/util.h"
enum { T = 6 };
static int e, passed;
static void *taker(void *arg) {
    (void)arg;
    eventfd_t v;
    CHECK_EQ(eventfd_read(e, &v), 0);
    CHECK_EQ(v, 1);
    __atomic_add_fetch(&passed, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

int main(void) {
    e = eventfd(0, EFD_SEMAPHORE);
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(taker, NULL);
    u_sleep(20);
    CHECK_EQ(passed, 0);
    CHECK_EQ(eventfd_write(e, 2), 0);
    while (__atomic_load_n(&passed, __ATOMIC_SEQ_CST) < 2) u_sleep(1);
    u_sleep(20);
    CHECK_EQ(__atomic_load_n(&passed, __ATOMIC_SEQ_CST), 2);
    CHECK_EQ(eventfd_write(e, T), 0);
    for (int i = 0; i < T; i++) u_join(t[i]);
    eventfd_t v;
    for (int i = 0; i < 2; i++) CHECK_EQ(eventfd_read(e, &v), 0); /* the two left */
    CHECK_EQ(fcntl(e, F_SETFL, O_NONBLOCK), 0);
    U_FAILS(eventfd_read(e, &v), EAGAIN);
    puts("ok");
    return 0;
}
