// rule: accept4(2) sets O_NONBLOCK and FD_CLOEXEC as asked; accept(2) never inherits them from the listener
#include "../io/util.h"
static int port;
static void *clients(void *arg) {
    (void)arg;
    for (int i = 0; i < 5; i++) {
        u_sleep(5);
        u_connect(port); /* stays open until the end */
    }
    return NULL;
}

int main(void) {
    int l = u_listen(8, &port);
    pthread_t t = u_spawn(clients, NULL);
    static const int flags[4] = {0, SOCK_NONBLOCK, SOCK_CLOEXEC, SOCK_NONBLOCK | SOCK_CLOEXEC};
    for (int i = 0; i < 4; i++) {
        int s = accept4(l, NULL, NULL, flags[i]);
        CHECK(s >= 0);
        CHECK_EQ(fcntl(s, F_GETFL), O_RDWR | (flags[i] & SOCK_NONBLOCK ? O_NONBLOCK : 0));
        CHECK_EQ(fcntl(s, F_GETFD), flags[i] & SOCK_CLOEXEC ? FD_CLOEXEC : 0);
        char c;
        if (flags[i] & SOCK_NONBLOCK) U_FAILS(read(s, &c, 1), EAGAIN);
    }
    U_FAILS(accept4(l, NULL, NULL, 0x7), EINVAL);
    CHECK_EQ(fcntl(l, F_SETFL, O_NONBLOCK), 0);
    struct pollfd p = {l, POLLIN, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    int s = accept(l, NULL, NULL);
    CHECK_EQ(fcntl(s, F_GETFL), O_RDWR);
    U_FAILS(accept(l, NULL, NULL), EAGAIN);
    u_join(t);
    puts("ok");
    return 0;
}
