// rule: poll(2) does not consume readiness: all threads that poll one descriptor are woken when it becomes readable
#include "../io/util.h"
enum { N = 8 };
static int a[2];

static void *waiter(void *arg) {
    (void)arg;
    struct pollfd p = {a[0], POLLIN, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN);
    return NULL;
}
static void *selector(void *arg) {
    (void)arg;
    fd_set r;
    FD_ZERO(&r);
    FD_SET(a[0], &r);
    CHECK_EQ(select(a[0] + 1, &r, NULL, NULL, NULL), 1);
    CHECK(FD_ISSET(a[0], &r));
    return NULL;
}

int main(void) {
    u_pipe(a);
    pthread_t t[N];
    for (int i = 0; i < N; i++) t[i] = u_spawn(i % 2 ? waiter : selector, NULL);
    u_sleep(30);
    CHECK_EQ(write(a[1], "x", 1), 1);
    for (int i = 0; i < N; i++) u_join(t[i]);
    char c;
    CHECK_EQ(read(a[0], &c, 1), 1);
    puts("ok");
    return 0;
}
