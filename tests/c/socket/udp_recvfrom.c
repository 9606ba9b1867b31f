// rule: UDP recvfrom(2) blocks until a datagram comes, gives the sender's address and keeps boundaries
#include "../io/util.h"
static int pa, pb, sb;
static void *sender(void *arg) {
    (void)arg;
    struct sockaddr_in a = u_addr(pa);
    for (int i = 1; i <= 10; i++) {
        char buf[32];
        memset(buf, i, sizeof buf);
        if (i % 3 == 0) u_sleep(3);
        CHECK_EQ(sendto(sb, buf, i, 0, (struct sockaddr *)&a, sizeof a), i);
    }
    char c;
    CHECK_EQ(recv(sb, &c, 1, 0), 1);
    CHECK_EQ(c, 'd');
    return NULL;
}

int main(void) {
    int sa = u_bound(SOCK_DGRAM, &pa);
    sb = u_bound(SOCK_DGRAM, &pb);
    pthread_t t = u_spawn(sender, NULL);
    struct sockaddr_in f;
    for (int i = 1; i <= 10; i++) {
        char buf[32];
        socklen_t l = sizeof f;
        CHECK_EQ(recvfrom(sa, buf, sizeof buf, 0, (struct sockaddr *)&f, &l), i);
        CHECK_EQ(buf[i - 1], i);
        CHECK_EQ(l, sizeof f);
        CHECK_EQ(ntohs(f.sin_port), pb);
    }
    u_sleep(10);
    CHECK_EQ(sendto(sa, "d", 1, 0, (struct sockaddr *)&f, sizeof f), 1);
    u_join(t);
    puts("ok");
    return 0;
}
