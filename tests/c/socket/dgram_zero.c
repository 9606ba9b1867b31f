// rule: a zero-length datagram is a message: recv(2) blocks for it and returns 0; a zero-length buffer still waits for one
#include "../io/util.h"
static int sv[2];
static void *sender(void *arg) {
    (void)arg;
    u_sleep(10);
    CHECK_EQ(send(sv[1], "", 0, 0), 0);
    u_sleep(10);
    CHECK_EQ(send(sv[1], "x", 1, 0), 1);
    u_sleep(10);
    CHECK_EQ(send(sv[1], "long", 4, 0), 4);
    return NULL;
}

int main(void) {
    for (int k = 0; k < 2; k++) {
        if (k == 0) {
            int p;
            sv[0] = u_bound(SOCK_DGRAM, &p);
            sv[1] = socket(AF_INET, SOCK_DGRAM, 0);
            struct sockaddr_in a = u_addr(p);
            CHECK_EQ(connect(sv[1], (struct sockaddr *)&a, sizeof a), 0);
        } else {
            u_pair(SOCK_DGRAM, sv);
        }
        pthread_t t = u_spawn(sender, NULL);
        char b[8] = "q";
        CHECK_EQ(recv(sv[0], b, 8, 0), 0);
        CHECK_EQ(b[0], 'q');
        CHECK_EQ(recv(sv[0], b, 0, 0), 0); /* takes the "x" */
        CHECK_EQ(recv(sv[0], b, 8, 0), 4);
        u_join(t);
    }
    puts("ok");
    return 0;
}
