// rule: two threads pass a token over a socket pair, every kind of read and write call, without losing a wake-up
#include "../io/util.h"
enum { ROUNDS = 1200 };
static int sv[2];
static void put(int fd, int i) {
    struct iovec v[2] = {{&i, 2}, {(char *)&i + 2, 2}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    struct mmsghdr mm = {.msg_hdr = m};
    switch (i % 6) {
    case 0: CHECK_EQ(write(fd, &i, sizeof i), 4); break;
    case 1: CHECK_EQ(send(fd, &i, sizeof i, 0), 4); break;
    case 2: CHECK_EQ(sendto(fd, &i, sizeof i, 0, NULL, 0), 4); break;
    case 3: CHECK_EQ(sendmsg(fd, &m, 0), 4); break;
    case 4: CHECK_EQ(writev(fd, v, 2), 4); break;
    case 5: CHECK_EQ(sendmmsg(fd, &mm, 1, 0), 1); CHECK_EQ(mm.msg_len, 4); break;
    }
}
static void get(int fd, int i) {
    int got = -1;
    struct iovec v[2] = {{&got, 2}, {(char *)&got + 2, 2}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
    struct mmsghdr mm = {.msg_hdr = m};
    switch (i / 6 % 6) {
    case 0: CHECK_EQ(read(fd, &got, sizeof got), 4); break;
    case 1: CHECK_EQ(recv(fd, &got, sizeof got, 0), 4); break;
    case 2: CHECK_EQ(recvfrom(fd, &got, sizeof got, 0, NULL, NULL), 4); break;
    case 3: CHECK_EQ(recvmsg(fd, &m, 0), 4); break;
    case 4: CHECK_EQ(readv(fd, v, 2), 4); break;
    case 5: CHECK_EQ(recvmmsg(fd, &mm, 1, 0, NULL), 1); CHECK_EQ(mm.msg_len, 4); break;
    }
    CHECK_EQ(got, i);
}
static void *peer(void *arg) {
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        get(sv[1], i);
        put(sv[1], i);
    }
    return NULL;
}

int main(void) {
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (int k = 0; k < 3; k++) {
        u_pair(types[k], sv);
        pthread_t t = u_spawn(peer, NULL);
        for (int i = 0; i < ROUNDS; i++) {
            put(sv[0], i);
            get(sv[0], i);
        }
        u_join(t);
        close(sv[0]);
        close(sv[1]);
    }
    puts("ok");
    return 0;
}
