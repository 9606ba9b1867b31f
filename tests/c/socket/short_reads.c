// rule: tcp(7), unix(7): a receive stops short at urgent data and between messages that carry descriptors; what is behind is there at once
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static void with_fd(int s, int fd) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    memset(&control, 0, sizeof control);
    struct iovec v = {"hello", 5};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    CHECK_EQ(sendmsg(s, &m, 0), 5);
}

/* A first wait, so that the descriptor is one that has been waited for. */
static void wait_once(int sv[2]) {
    char b[10];
    pthread_t t = u_write_later(5, sv[1], "z");
    CHECK_EQ(recv(sv[0], b, sizeof b, 0), 1);
    u_join(t);
}

int main(void) {
    int sv[2];
    char b[100];
    u_tick_start();
    u_tcp_pair(sv);
    wait_once(sv);
    CHECK_EQ(send(sv[1], "abc", 3, 0), 3);
    CHECK_EQ(send(sv[1], "X", 1, MSG_OOB), 1);
    CHECK_EQ(send(sv[1], "def", 3, 0), 3);
    u_sleep(5);
    CHECK_EQ(recv(sv[0], b, sizeof b, 0), 3);
    CHECK_EQ(recv(sv[0], b, sizeof b, 0), 3);
    CHECK_EQ(memcmp(b, "def", 3), 0);

    u_pair(SOCK_STREAM, sv);
    wait_once(sv);
    with_fd(sv[1], 0);
    with_fd(sv[1], 0);
    CHECK_EQ(recv(sv[0], b, sizeof b, 0), 5);
    CHECK_EQ(recv(sv[0], b, sizeof b, 0), 5);
    u_tick_end();
    puts("ok");
    return 0;
}
