// rule: unix(7): sendto on an unconnected datagram socket blocks while the receiver's queue is full, though the socket polls writable
#include "../io/util.h"
enum { N = 2000 };
static void *sender(void *arg) {
    (void)arg;
    struct sockaddr_un a;
    socklen_t l = u_unix(&a, "full");
    int s = socket(AF_UNIX, SOCK_DGRAM, 0);
    for (int i = 0; i < N; i++) CHECK_EQ(sendto(s, &i, sizeof i, 0, (struct sockaddr *)&a, l), sizeof i);
    close(s);
    return NULL;
}

int main(void) {
    struct sockaddr_un a;
    socklen_t l = u_unix(&a, "full");
    int r = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_EQ(bind(r, (struct sockaddr *)&a, l), 0);
    pthread_t t = u_spawn(sender, NULL);
    u_sleep(20);
    for (int i = 0; i < N; i++) {
        int v;
        CHECK_EQ(recv(r, &v, sizeof v, 0), sizeof v);
        CHECK_EQ(v, i);
    }
    u_join(t);
    puts("ok");
    return 0;
}
