// rule: a program's own epoll loop serves sockets of client threads that use blocking calls in the same process
#include "../io/util.h"
enum { CLIENTS = 20, ROUNDS = 20 };
static int port;

static void *client(void *arg) {
    int id = (int)(intptr_t)arg, s = u_connect(port);
    for (int i = 0; i < ROUNDS; i++) {
        int v[2] = {id, i}, w[2];
        u_write_all(s, v, sizeof v);
        CHECK_EQ(u_read_all(s, w, sizeof w), sizeof w);
        CHECK_EQ(w[0], id);
        CHECK_EQ(w[1], i);
    }
    close(s);
    return NULL;
}

int main(void) {
    int l = u_listen(CLIENTS, &port), e = epoll_create1(0), open_ = 0, closed = 0;
    CHECK_EQ(fcntl(l, F_SETFL, O_NONBLOCK), 0);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = l}, out[8];
    CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, l, &ev), 0);
    pthread_t t[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) t[i] = u_spawn(client, (void *)(intptr_t)i);
    while (closed < CLIENTS) {
        int n = epoll_wait(e, out, 8, -1);
        CHECK(n >= 1 && n <= 8);
        for (int i = 0; i < n; i++) {
            int fd = out[i].data.fd;
            if (fd == l) {
                int s = accept4(l, NULL, NULL, SOCK_NONBLOCK);
                if (s == -1) {
                    CHECK_EQ(errno, EAGAIN);
                    continue;
                }
                open_++;
                ev.data.fd = s;
                CHECK_EQ(epoll_ctl(e, EPOLL_CTL_ADD, s, &ev), 0);
                continue;
            }
            char buf[64];
            ssize_t r = read(fd, buf, sizeof buf);
            CHECK(r >= 0);
            if (r == 0) {
                close(fd);
                closed++;
            } else {
                u_write_all(fd, buf, r);
            }
        }
    }
    for (int i = 0; i < CLIENTS; i++) u_join(t[i]);
    CHECK_EQ(open_, CLIENTS);
    puts("ok");
    return 0;
}
