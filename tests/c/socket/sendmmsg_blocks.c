// rule: a blocking sendmmsg(2) into a full queue waits until all its messages are sent
#include "../io/util.h"
enum { N = 60, SIZE = 8000 };
static int sv[2];
static void *reader(void *arg) {
    (void)arg;
    static char b[SIZE + 1];
    u_sleep(20);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(recv(sv[1], b, sizeof b, 0), SIZE - i);
        CHECK_EQ(b[SIZE - i - 1], 'm');
    }
    return NULL;
}

int main(void) {
    u_pair(SOCK_DGRAM, sv);
    static char b[SIZE];
    memset(b, 'm', sizeof b);
    struct iovec v[N];
    struct mmsghdr m[N];
    memset(m, 0, sizeof m);
    for (int i = 0; i < N; i++) {
        v[i] = (struct iovec){b, SIZE - i};
        m[i].msg_hdr.msg_iov = &v[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    pthread_t t = u_spawn(reader, NULL);
    CHECK_EQ(sendmmsg(sv[0], m, N, 0), N);
    for (int i = 0; i < N; i++) CHECK_EQ(m[i].msg_len, SIZE - i);
    u_join(t);
    puts("ok");
    return 0;
}
