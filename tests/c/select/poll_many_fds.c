// rule: poll(2) takes thousands of descriptors (more than FD_SETSIZE, up to RLIMIT_NOFILE) and finds the ready ones among them
#include "../io/util.h"
enum { N = 3000 };
static int fds[N];
static int hot[] = {0, 1777, N - 1};

static void *waker(void *arg) {
    (void)arg;
    for (int i = 0; i < 3; i++) {
        u_sleep(5);
        CHECK_EQ(eventfd_write(fds[hot[i]], 1), 0);
    }
    return NULL;
}

int main(void) {
    struct rlimit rl;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &rl), 0);
    rl.rlim_cur = rl.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &rl), 0);
    int n = rl.rlim_max > N + 200 ? N : (int)rl.rlim_max - 200;
    CHECK(n > 500);
    hot[1] = n / 2;
    hot[2] = n - 1;
    static struct pollfd p[N];
    for (int i = 0; i < n; i++) {
        fds[i] = eventfd(0, 0);
        CHECK(fds[i] >= 0);
        p[i] = (struct pollfd){fds[i], POLLIN, 0};
    }
    pthread_t t = u_spawn(waker, NULL);
    int seen = 0;
    while (seen < 3) {
        int r = poll(p, n, -1), count = 0;
        CHECK(r >= 1 && r <= 3);
        for (int i = 0; i < n; i++)
            if (p[i].revents) {
                CHECK_EQ(p[i].revents, POLLIN);
                CHECK(i == hot[0] || i == hot[1] || i == hot[2]);
                eventfd_t v;
                CHECK_EQ(eventfd_read(fds[i], &v), 0);
                CHECK_EQ(v, 1);
                count++;
            }
        CHECK_EQ(count, r);
        seen += count;
    }
    u_join(t);
    CHECK_EQ(poll(p, n, 10), 0);
    for (int i = 0; i < n; i++) CHECK_EQ(p[i].revents, 0);
    puts("ok");
    return 0;
}
