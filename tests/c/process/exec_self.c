// rule: a program that executes itself starts anew with all it needs: threads, sleeping and pipes work in the new image too
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static int p[2];
static void *writer(void *arg) {
    (void)arg;
    for (int i = 0; i < 3; i++) {
        u_sleep(3);
        CHECK_EQ(write(p[1], &i, sizeof i), sizeof i);
    }
    close(p[1]);
    return NULL;
}
static int work(const char *who) {
    u_pipe(p);
    pthread_t t = u_spawn(writer, NULL);
    int v, sum = 0;
    while (read(p[0], &v, sizeof v) == sizeof v) sum += v;
    u_join(t);
    close(p[0]);
    printf("%s: %d\n", who, sum);
    fflush(stdout);
    return sum;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "child") == 0) return 10 + work("child");
    if (argc > 1 && strcmp(argv[1], "again") == 0) {
        CHECK_EQ(work("again"), 3);
        u_tick_start();
        execl("/proc/self/exe", argv[0], "child", (char *)NULL); /* in place, while a thread lives */
        return 1;
    }
    u_tick_start();
    CHECK_EQ(work("parent"), 3);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        execl("/proc/self/exe", argv[0], "again", (char *)NULL);
        _exit(1);
    }
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    printf("%d\n", WIFEXITED(st) ? WEXITSTATUS(st) : -1);
    u_tick_end();
    return 0;
}
