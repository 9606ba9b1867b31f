// rule: a SIGCHLD handler that writes to a pipe wakes the thread that polls the pipe when a child ends
#include "../io/util.h"
static int p[2];
static void on(int s) {
    int e = errno;
    char c = (char)s;
    if (write(p[1], &c, 1) != 1) _exit(98);
    errno = e;
}
static void *reaper(void *arg) {
    (void)arg;
    int left = 3, sum = 0, st;
    while (left) {
        struct pollfd pf = {p[0], POLLIN, 0};
        int r = poll(&pf, 1, -1);
        if (r == -1) {
            CHECK_EQ(errno, EINTR);
            continue;
        }
        char c;
        CHECK_EQ(read(p[0], &c, 1), 1);
        CHECK_EQ(c, SIGCHLD);
        pid_t w;
        while ((w = waitpid(-1, &st, WNOHANG)) > 0) {
            CHECK(WIFEXITED(st));
            sum += WEXITSTATUS(st);
            left--;
        }
    }
    return (void *)(intptr_t)sum;
}

int main(void) {
    u_pipe(p);
    struct sigaction sa = {.sa_handler = on, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    CHECK_EQ(sigaction(SIGCHLD, &sa, NULL), 0);
    pthread_t t = u_spawn(reaper, NULL);
    for (int i = 1; i <= 3; i++) {
        pid_t c = fork();
        CHECK(c >= 0);
        if (c == 0) {
            u_sleep(10 * i);
            _exit(i);
        }
    }
    printf("%d\n", (int)(intptr_t)u_join(t));
    return 0;
}
