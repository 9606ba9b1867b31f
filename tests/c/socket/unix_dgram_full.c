// rule: sending to a full AF_UNIX datagram queue blocks until the receiver takes a message, connected or not
#include "../io/util.h"
enum { N = 100 };
static struct sockaddr_un a;
static socklen_t al;
static int r, s, conn, sent;
static void *sender(void *arg) {
    (void)arg;
    for (int i = 0; i < N; i++) {
        if (conn) CHECK_EQ(send(s, &i, sizeof i, 0), sizeof i);
        else CHECK_EQ(sendto(s, &i, sizeof i, 0, (struct sockaddr *)&a, al), sizeof i);
        __atomic_add_fetch(&sent, 1, __ATOMIC_SEQ_CST);
    }
    U_FAILS((conn ? send(s, &conn, 0, MSG_OOB) : sendto(s, &conn, 0, MSG_OOB, (struct sockaddr *)&a, al)), EOPNOTSUPP);
    return NULL;
}

int main(void) {
    al = u_unix(&a, "full");
    r = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK_EQ(bind(r, (struct sockaddr *)&a, al), 0);
    for (conn = 0; conn < 2; conn++) {
        s = socket(AF_UNIX, SOCK_DGRAM, 0);
        /* A queue longer than N messages (net.unix.max_dgram_qlen) would hide the rule, not break the test. */
        if (conn) CHECK_EQ(connect(s, (struct sockaddr *)&a, al), 0);
        sent = 0;
        pthread_t t = u_spawn(sender, NULL);
        u_sleep(20);
        for (int i = 0; i < N; i++) {
            int v = -1;
            if (i % 20 == 0) u_sleep(1);
            CHECK_EQ(recv(r, &v, sizeof v, 0), sizeof v);
            CHECK_EQ(v, i);
        }
        u_join(t);
        CHECK_EQ(sent, N);
        close(s);
    }
    puts("ok");
    return 0;
}
