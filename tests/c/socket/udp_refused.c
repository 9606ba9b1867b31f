// rule: a connected UDP socket waiting in recv(2) gets ECONNREFUSED when its own datagram found a closed port
#include "../io/util.h"
static int s;
static void *sender(void *arg) {
    (void)arg;
    u_sleep(20);
    CHECK_EQ(send(s, "x", 1, 0), 1);
    return NULL;
}

int main(void) {
    int port, p2, dead = u_bound(SOCK_DGRAM, &port);
    s = u_bound(SOCK_DGRAM, &p2);
    struct sockaddr_in a = u_addr(port);
    CHECK_EQ(connect(s, (struct sockaddr *)&a, sizeof a), 0);
    close(dead);
    pthread_t t = u_spawn(sender, NULL);
    char c;
    U_FAILS(recv(s, &c, 1, 0), ECONNREFUSED);
    u_join(t);
    puts("ok");
    return 0;
}
