// rule: a descriptor received by SCM_RIGHTS is a new number of the same open file; a blocking read on it waits
#include "../io/util.h"
static int sv[2], p[2];
static void *receiver(void *arg) {
    (void)arg;
    char c, ctl[CMSG_SPACE(sizeof(int))];
    struct iovec v = {&c, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof ctl};
    CHECK_EQ(recvmsg(sv[1], &m, MSG_CMSG_CLOEXEC), 1);
    CHECK_EQ(c, 'F');
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    CHECK(h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS);
    int fd;
    memcpy(&fd, CMSG_DATA(h), sizeof fd);
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fd, F_GETFL), O_RDONLY);
    char b[8];
    CHECK_EQ(read(fd, b, 8), 5);
    CHECK_EQ(memcmp(b, "later", 5), 0);
    CHECK_EQ(read(fd, b, 8), 0);
    close(fd);
    return NULL;
}

int main(void) {
    u_pair(SOCK_STREAM, sv);
    u_pipe(p);
    pthread_t t = u_spawn(receiver, NULL);
    u_sleep(10);
    char c = 'F', ctl[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec v = {&c, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof ctl};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(h), &p[0], sizeof(int));
    CHECK_EQ(sendmsg(sv[0], &m, 0), 1);
    u_sleep(10);
    CHECK_EQ(close(p[0]), 0);
    CHECK_EQ(write(p[1], "later", 5), 5);
    u_sleep(10);
    CHECK_EQ(close(p[1]), 0);
    u_join(t);
    puts("ok");
    return 0;
}
