// rule: Linux: shutdown(2) of a listening socket by another thread wakes accept(2) with EINVAL
#include "../io/util.h"
static int l;
static void *shut(void *arg) {
    (void)arg;
    u_sleep(30);
    CHECK_EQ(shutdown(l, SHUT_RDWR), 0);
    return NULL;
}
static void *acceptor(void *arg) {
    (void)arg;
    U_FAILS(accept(l, NULL, NULL), EINVAL);
    return NULL;
}

int main(void) {
    for (int k = 0; k < 2; k++) {
        if (k) {
            struct sockaddr_un a;
            socklen_t al = u_unix(&a, "shut");
            l = socket(AF_UNIX, SOCK_STREAM, 0);
            CHECK_EQ(bind(l, (struct sockaddr *)&a, al), 0);
            CHECK_EQ(listen(l, 5), 0);
        } else {
            int port;
            l = u_listen(5, &port);
        }
        pthread_t t = u_spawn(shut, NULL), t2 = u_spawn(acceptor, NULL), t3 = u_spawn(acceptor, NULL);
        U_FAILS(accept(l, NULL, NULL), EINVAL);
        u_join(t);
        u_join(t2);
        u_join(t3);
        close(l);
    }
    puts("ok");
    return 0;
}
