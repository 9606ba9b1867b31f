// rule: a listening socket polls POLLIN when a connection waits; a connected one polls POLLOUT
#include "../io/util.h"
static int port;
static void *client(void *arg) {
    (void)arg;
    u_sleep(20);
    int s = u_connect(port);
    struct pollfd p = {s, POLLIN | POLLOUT, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLOUT);
    p.events = POLLIN;
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN);
    char c;
    CHECK_EQ(read(s, &c, 1), 1);
    CHECK_EQ(c, 'k');
    close(s);
    return NULL;
}

int main(void) {
    int l = u_listen(4, &port);
    pthread_t t = u_spawn(client, NULL);
    struct pollfd p = {l, POLLIN, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK_EQ(p.revents, POLLIN);
    int s = accept(l, NULL, NULL);
    CHECK(s >= 0);
    u_sleep(20);
    CHECK_EQ(write(s, "k", 1), 1);
    u_join(t);
    puts("ok");
    return 0;
}
