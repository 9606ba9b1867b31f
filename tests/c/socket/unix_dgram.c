// rule: AF_UNIX datagrams: recvfrom blocks until one comes and gives the sender's address
#include "../io/util.h"
static struct sockaddr_un a, b;
static socklen_t al, bl;
static void *sender(void *arg) {
    (void)arg;
    int s = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_EQ(bind(s, (struct sockaddr *)&b, bl), 0);
    for (int i = 0; i < 5; i++) {
        u_sleep(5);
        CHECK_EQ(sendto(s, &i, sizeof i, 0, (struct sockaddr *)&a, al), sizeof i);
        int v;
        CHECK_EQ(recv(s, &v, sizeof v, 0), sizeof v);
        CHECK_EQ(v, i + 100);
    }
    return NULL;
}

int main(void) {
    al = u_unix(&a, "dga");
    bl = u_unix(&b, "dgb");
    int s = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_EQ(bind(s, (struct sockaddr *)&a, al), 0);
    pthread_t t = u_spawn(sender, NULL);
    for (int i = 0; i < 5; i++) {
        struct sockaddr_un f;
        socklen_t fl = sizeof f;
        int v;
        CHECK_EQ(recvfrom(s, &v, sizeof v, 0, (struct sockaddr *)&f, &fl), sizeof v);
        CHECK_EQ(v, i);
        CHECK_EQ(fl, bl);
        CHECK_EQ(memcmp(&f, &b, bl), 0);
        v += 100;
        CHECK_EQ(sendto(s, &v, sizeof v, 0, (struct sockaddr *)&f, fl), sizeof v);
    }
    u_join(t);
    puts("ok");
    return 0;
}
