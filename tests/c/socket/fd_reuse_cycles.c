// rule: 1,000 cycles of opening, waiting on and closing descriptors in four threads mix up no wake-ups, though numbers are reused
#include "../io/util.h"
enum { T = 4, N = 250 };
static void *answer(void *arg) {
    int fd = *(int *)arg, v;
    CHECK_EQ(u_read_all(fd, &v, sizeof v), sizeof v);
    v ^= 0x5a5a5a5a;
    u_write_all(fd, &v, sizeof v);
    CHECK_EQ(close(fd), 0);
    return NULL;
}
static void *idler(void *arg) {
    char c;
    CHECK_EQ(read(*(int *)arg, &c, 1), 0);
    return NULL;
}
static void *cycler(void *arg) {
    int id = (int)(intptr_t)arg;
    for (int i = 0; i < N; i++) {
        int sv[2], v = id * 100000 + i, w;
        u_pair(SOCK_STREAM, sv);
        pthread_t t = u_spawn(answer, &sv[1]);
        u_write_all(sv[0], &v, sizeof v);
        CHECK_EQ(u_read_all(sv[0], &w, sizeof w), sizeof w);
        CHECK_EQ(w, v ^ 0x5a5a5a5a);
        if (i % 2) CHECK_EQ(read(sv[0], &w, sizeof w), 0);
        u_join(t);
        CHECK_EQ(close(sv[0]), 0);
    }
    return NULL;
}

int main(void) {
    int idle[2];
    u_pipe(idle);
    pthread_t waiter = u_spawn(idler, &idle[0]); /* a thread that waits all the time */
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(cycler, (void *)(intptr_t)(i + 1));
    for (int i = 0; i < T; i++) u_join(t[i]);
    close(idle[1]);
    u_join(waiter);
    puts("ok");
    return 0;
}
