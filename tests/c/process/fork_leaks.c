// rule: thousands of forks, vforks, clones and spawns, from threads and with threads waiting, leave no descriptor, no memory, no zombie, in the parent or in a line of children
// timeout: 120
#include "../io/util.h"
#include <dirent.h>
#include <sched.h>
#include <spawn.h>
extern char **environ;

static int descriptors(void) {
    DIR *d = opendir("/proc/self/fd");
    CHECK(d != NULL);
    int n = 0;
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

/* Mappings, and resident pages. */
static void memory(long *maps, long *pages) {
    FILE *f = fopen("/proc/self/maps", "r");
    CHECK(f != NULL);
    *maps = 0;
    for (int c; (c = getc(f)) != EOF;) *maps += c == '\n';
    fclose(f);
    f = fopen("/proc/self/statm", "r");
    CHECK(f != NULL);
    CHECK_EQ(fscanf(f, "%*d %ld", pages), 1);
    fclose(f);
}

static void ended(pid_t c, int code) {
    int status;
    CHECK(c > 0);
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), code);
}

static int leaves(void *arg) { return (int)(intptr_t)arg; }

static void once(int i) {
    static char stack[64 * 1024] __attribute__((aligned(16)));
    pid_t c;
    switch (i % 8) {
    case 0: /* costly ones seldom */
        if (i % 40 == 0) {
            char *argv[] = {"true", NULL};
            CHECK_EQ(posix_spawn(&c, "/bin/true", NULL, NULL, argv, environ), 0);
            ended(c, 0);
            break;
        }
        /* fall through */
    case 1:
        c = vfork();
        if (c == 0) _exit(3);
        ended(c, 3);
        break;
    case 2:
        ended(clone(leaves, stack + sizeof stack, SIGCHLD, (void *)4), 4);
        break;
    case 3:
        ended(clone(leaves, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)5), 5);
        break;
    default:
        c = fork();
        if (c == 0) _exit(6);
        ended(c, 6);
    }
}

static void *many(void *arg) {
    for (int i = 0; i < (int)(intptr_t)arg; i++) once(i);
    return NULL;
}

static void *waits(void *arg) {
    char c;
    CHECK_EQ(read(*(int *)arg, &c, 1), 0);
    return NULL;
}

/* A child that has a thread, forks, and leaves the rest to its child. */
static void line(int left) {
    int before = descriptors();
    u_sleep(1);
    pthread_t t = u_spawn(many, (void *)2);
    u_join(t);
    if (left == 0) _exit(descriptors() <= before + 4 ? 7 : 100);
    pid_t c = fork();
    if (c == 0) line(left - 1);
    ended(c, 7);
    /* the hub's own, if this process has just got one */
    _exit(descriptors() <= before + 4 ? 7 : 100);
}

int main(void) {
    int p[2];
    u_pipe(p);
    pthread_t w[5];
    for (int i = 0; i < 5; i++) w[i] = u_spawn(waits, &p[0]);
    u_join(u_spawn(many, (void *)200));
    long maps, pages, maps_after, pages_after;
    int fds = descriptors();
    memory(&maps, &pages);
    for (int round = 0; round < 4; round++) {
        many((void *)150);
        u_join(u_spawn(many, (void *)250));
    }
    CHECK_EQ(descriptors(), fds);
    memory(&maps_after, &pages_after);
    CHECK(maps_after - maps < 8);
    CHECK(pages_after - pages < 200);
    U_FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
    pid_t c = fork();
    if (c == 0) line(12);
    ended(c, 7);
    close(p[1]);
    for (int i = 0; i < 5; i++) u_join(w[i]);
    puts("ok");
    return 0;
}
