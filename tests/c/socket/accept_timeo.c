// rule: SO_RCVTIMEO bounds accept(2) and SO_SNDTIMEO bounds connect(2) to a full AF_UNIX backlog: EAGAIN after the time
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int port;
static void *client(void *arg) {
    (void)arg;
    u_sleep(20);
    close(u_connect(port));
    return NULL;
}

int main(void) {
    int l = u_listen(4, &port);
    struct timeval tv = {0, 60000};
    CHECK_EQ(setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    u_tick_start();
    u_sleep(2);
    int before = u_ticks();
    long t0 = now_ms();
    U_FAILS(accept(l, NULL, NULL), EAGAIN);
    CHECK(now_ms() - t0 >= 40);
    u_ticked(before);

    struct sockaddr_un a;
    socklen_t al = u_unix(&a, "bl");
    int u = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(bind(u, (struct sockaddr *)&a, al), 0);
    CHECK_EQ(listen(u, 0), 0);
    int c1 = socket(AF_UNIX, SOCK_STREAM, 0), c2 = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(connect(c1, (struct sockaddr *)&a, al), 0);
    CHECK_EQ(setsockopt(c2, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv), 0);
    before = u_ticks();
    t0 = now_ms();
    U_FAILS(connect(c2, (struct sockaddr *)&a, al), EAGAIN);
    CHECK(now_ms() - t0 >= 40);
    u_ticked(before);
    u_tick_end();

    tv = (struct timeval){20, 0};
    CHECK_EQ(setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), 0);
    pthread_t t = u_spawn(client, NULL);
    CHECK(accept(l, NULL, NULL) >= 0);
    u_join(t);
    puts("ok");
    return 0;
}
