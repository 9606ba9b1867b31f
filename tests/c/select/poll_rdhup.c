// rule: poll(2) reports POLLRDHUP (with POLLIN) when the stream peer shuts down its writing half, POLLHUP when both halves are
#include "../io/util.h"

static int sv[2];
static void *half(void *x) {
    u_sleep(20);
    CHECK_EQ(shutdown(sv[1], *(int *)x), 0);
    return NULL;
}

int main(void) {
    for (int kind = 0; kind < 2; kind++) {
        if (kind) u_pair(SOCK_STREAM, sv);
        else u_tcp_pair(sv);
        int how = SHUT_WR;
        pthread_t t = u_spawn(half, &how);
        struct pollfd p = {sv[0], POLLRDHUP, 0};
        CHECK_EQ(poll(&p, 1, -1), 1);
        CHECK_EQ(p.revents, POLLRDHUP);
        u_join(t);
        p.events = POLLIN | POLLOUT | POLLRDHUP;
        CHECK_EQ(poll(&p, 1, -1), 1);
        CHECK_EQ(p.revents, POLLIN | POLLOUT | POLLRDHUP);
        t = u_close_later(20, sv[1]);
        CHECK_EQ(shutdown(sv[0], SHUT_WR), 0);
        p.events = 0;
        CHECK_EQ(poll(&p, 1, -1), 1);
        CHECK_EQ(p.revents, POLLHUP);
        u_join(t);
        close(sv[0]);
    }
    puts("ok");
    return 0;
}
