// rule: fork(2) in a thread while others wait: the child has that thread only, its exit code reaches waitpid, and the others go on
#include "../io/util.h"
static int p[2];
static void *waiter(void *arg) {
    (void)arg;
    char c;
    CHECK_EQ(read(p[0], &c, 1), 1);
    return (void *)(intptr_t)c;
}
static void *forker(void *arg) {
    (void)arg;
    pid_t me = getpid(), c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        if (getpid() == me || getppid() != me) _exit(1);
        _exit(37);
    }
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK(WIFEXITED(st));
    return (void *)(intptr_t)WEXITSTATUS(st);
}

int main(void) {
    u_pipe(p);
    pthread_t w[3];
    for (int i = 0; i < 3; i++) w[i] = u_spawn(waiter, NULL);
    u_sleep(10);
    pthread_t f = u_spawn(forker, NULL);
    printf("child: %d\n", (int)(intptr_t)u_join(f));
    CHECK_EQ(write(p[1], "xxx", 3), 3);
    for (int i = 0; i < 3; i++) CHECK_EQ((intptr_t)u_join(w[i]), 'x');
    return 0;
}
