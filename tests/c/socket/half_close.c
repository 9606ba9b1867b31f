// rule: after shutdown(SHUT_WR) the peer reads end of file while the other direction goes on
#include "../io/util.h"
static int port, l;
static void *server(void *arg) {
    (void)arg;
    int s = accept(l, NULL, NULL);
    unsigned char b[1000];
    size_t n = 0;
    ssize_t r;
    while ((r = read(s, b, sizeof b)) > 0) {
        CHECK(u_same(b, r, n));
        n += r;
    }
    CHECK_EQ(r, 0);
    u_sleep(10);
    u_write_all(s, &n, sizeof n);
    close(s);
    return NULL;
}

int main(void) {
    l = u_listen(2, &port);
    pthread_t t = u_spawn(server, NULL);
    int s = u_connect(port);
    static unsigned char b[100000];
    u_fill(b, sizeof b, 0);
    u_write_all(s, b, sizeof b);
    CHECK_EQ(shutdown(s, SHUT_WR), 0);
    size_t n = 0;
    CHECK_EQ(u_read_all(s, &n, sizeof n), sizeof n);
    CHECK_EQ(n, sizeof b);
    CHECK_EQ(read(s, &n, sizeof n), 0);
    U_FAILS(send(s, "x", 1, MSG_NOSIGNAL), EPIPE);
    u_join(t);
    puts("ok");
    return 0;
}
