// rule: when the only thread of a child, forked in a thread, returns from its start function, the child exits with 0 and runs atexit handlers
#include "../io/util.h"
static int out[2];
static pid_t parent, child;
static void at_exit(void) {
    if (getpid() != parent) dprintf(out[1], "child atexit\n");
}
static void *idle(void *arg) {
    char c;
    CHECK_EQ(read(*(int *)arg, &c, 1), 0);
    return NULL;
}
static void *forker(void *arg) {
    pid_t c = fork();
    CHECK(c >= 0);
    if (c) child = c;
    else u_sleep(5);
    if (arg) pthread_exit((void *)5);
    return (void *)5; /* in both processes */
}

int main(void) {
    int p[2];
    u_pipe(p);
    u_pipe(out);
    parent = getpid();
    atexit(at_exit);
    pthread_t t = u_spawn(idle, &p[0]);
    for (intptr_t k = 0; k < 2; k++) {
        CHECK_EQ((intptr_t)u_join(u_spawn(forker, (void *)k)), 5);
        CHECK_EQ(getpid(), parent);
        int st;
        CHECK_EQ(waitpid(child, &st, 0), child);
        printf("status %d\n", st);
    }
    close(out[1]);
    char b[200];
    size_t n = u_read_all(out[0], b, sizeof b);
    fwrite(b, 1, n, stdout);
    close(p[1]);
    u_join(t);
    return 0;
}
