// rule: dup, dup2, dup3 and F_DUPFD duplicates share the socket: a thread waits on a duplicate while another closes the original
#include "../io/util.h"
static int d;
static void *waiter(void *arg) {
    (void)arg;
    char b[8];
    CHECK_EQ(recv(d, b, 8, 0), 1);
    CHECK_EQ(b[0], 'd');
    return NULL;
}

int main(void) {
    for (int how = 0; how < 5; how++) {
        int sv[2];
        u_pair(SOCK_STREAM, sv);
        if (how == 0) d = dup(sv[0]);
        if (how == 1) CHECK_EQ(d = dup2(sv[0], 50), 50);
        if (how == 2) CHECK_EQ(d = dup3(sv[0], 51, O_CLOEXEC), 51);
        if (how == 3) CHECK_EQ(d = fcntl(sv[0], F_DUPFD, 60), 60);
        if (how == 4) CHECK_EQ(d = fcntl(sv[0], F_DUPFD_CLOEXEC, 70), 70);
        CHECK_EQ(fcntl(d, F_GETFD), how == 2 || how == 4 ? FD_CLOEXEC : 0);
        CHECK_EQ(fcntl(d, F_GETFL), O_RDWR);
        pthread_t t = u_spawn(waiter, NULL);
        u_sleep(5);
        int was = sv[0];
        CHECK_EQ(close(sv[0]), 0);
        int p[2];
        u_pipe(p); /* takes the number of the original */
        CHECK_EQ(p[0], was);
        pthread_t t2 = u_write_later(5, p[1], "p");
        char c;
        CHECK_EQ(read(p[0], &c, 1), 1);
        CHECK_EQ(c, 'p');
        CHECK_EQ(write(sv[1], "d", 1), 1);
        u_join(t);
        u_join(t2);
        close(p[0]);
        close(p[1]);
        close(d);
        close(sv[1]);
    }
    U_FAILS(dup2(400, 401), EBADF);
    U_FAILS(dup3(0, 0, 0), EINVAL);
    puts("ok");
    return 0;
}
