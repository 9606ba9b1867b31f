// rule: AF_UNIX SOCK_SEQPACKET keeps message boundaries, blocks for the next message and truncates one too long
#include "../io/util.h"
static struct sockaddr_un a;
static socklen_t al;
static void *client(void *arg) {
    (void)arg;
    int s = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&a, al), 0);
    u_sleep(10);
    CHECK_EQ(send(s, "one", 3, 0), 3);
    CHECK_EQ(send(s, "twotwo", 6, 0), 6);
    CHECK_EQ(write(s, "0123456789", 10), 10);
    u_sleep(10);
    CHECK_EQ(send(s, "end", 3, MSG_EOR), 3);
    close(s);
    return NULL;
}

int main(void) {
    al = u_unix(&a, "seq");
    int l = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    CHECK_EQ(bind(l, (struct sockaddr *)&a, al), 0);
    CHECK_EQ(listen(l, 5), 0);
    pthread_t t = u_spawn(client, NULL);
    int s = accept(l, NULL, NULL);
    char buf[64];
    CHECK_EQ(recv(s, buf, sizeof buf, 0), 3);
    CHECK_EQ(read(s, buf, sizeof buf), 6);
    struct iovec v = {buf, 4};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    CHECK_EQ(recvmsg(s, &m, 0), 4);
    CHECK_EQ(m.msg_flags & MSG_TRUNC, MSG_TRUNC);
    CHECK_EQ(recv(s, buf, sizeof buf, 0), 3);
    CHECK_EQ(memcmp(buf, "end", 3), 0);
    CHECK_EQ(recv(s, buf, sizeof buf, 0), 0);
    u_join(t);
    puts("ok");
    return 0;
}
