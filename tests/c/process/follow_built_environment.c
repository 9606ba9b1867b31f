// rule: a program that is executed with an environment that was built for it gets its arguments and variables right, by every exec function; with the library, that and its settings are kept as well
// env: GEVENTRS_SLICE=20
// glibc: 2.34
#include "follow.h"
static char *const args[] = {"name", "probe", "a", "b", NULL};
static char *const built[] = {"B=2", "PATH=/bin:/usr/bin", NULL};
static char **many;

static int all(int wanted, int threads) {
    int fd = open(self_path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    char *const *const lists[] = {built, many};
    for (int i = 0; i < 2; i++) {
        char *const *e = lists[i];
        CHECK_EQ(CHILD(fork, execve(self_path, args, e)), wanted);
        CHECK_EQ(CHILD(fork, execvpe(self_path, args, e)), wanted);
        CHECK_EQ(CHILD(fork, execle(self_path, "name", "probe", "a", "b", NULL, e)), wanted);
        CHECK_EQ(CHILD(fork, fexecve(fd, args, e)), wanted);
        CHECK_EQ(CHILD(fork, execveat(fd, "", args, e, AT_EMPTY_PATH)), wanted);
        CHECK_EQ(CHILD(fork, execveat(AT_FDCWD, self_path, args, e, 0)), wanted);
        CHECK_EQ(CHILD(fork, syscall(SYS_execve, self_path, args, e)), wanted);
        CHECK_EQ(CHILD(fork, syscall(SYS_execveat, fd, "", args, e, AT_EMPTY_PATH)), wanted);
        CHECK_EQ(CHILD(vfork, execve(self_path, args, e)), wanted);
        CHECK_EQ(CHILD(vfork, execle(self_path, "name", "probe", "a", "b", NULL, e)), wanted);
        pid_t pid;
        CHECK_EQ(posix_spawn(&pid, self_path, NULL, NULL, args, e), 0);
        CHECK_EQ(code_of(pid), wanted);
        CHECK_EQ(posix_spawnp(&pid, self_path, NULL, NULL, args, e), 0);
        CHECK_EQ(code_of(pid), wanted);
    }
    printf("%s: by a list\n", threads ? "threads" : "one thread");
    close(fd);
    return 0;
}

/* The functions that take the process's own variables, of which nothing is left. */
static void cleared(int wanted) {
    char command[PATH_MAX + 20];
    clearenv();
    setenv("B", "2", 1);
    CHECK_EQ(CHILD(fork, execv(self_path, args)), wanted);
    CHECK_EQ(CHILD(fork, execvp(self_path, args)), wanted);
    CHECK_EQ(CHILD(fork, execl(self_path, "name", "probe", "a", "b", NULL)), wanted);
    CHECK_EQ(CHILD(fork, execlp(self_path, "name", "probe", "a", "b", NULL)), wanted);
    snprintf(command, sizeof command, "%s probe a b", self_path);
    CHECK_EQ(WEXITSTATUS(system(command)), wanted);
    FILE *f = popen(command, "r");
    CHECK(f != NULL);
    CHECK_EQ(WEXITSTATUS(pclose(f)), wanted);
    int n = 0;
    for (char **e = environ; *e; e++) n++;
    CHECK_EQ(n, 1); /* the program's own list is as it was */
    puts("by the process's own");
}

int main(int argc, char **argv) {
    if (argc > 1) return probe(argc, argv);
    find_self();
    int wanted = RIGHT | (preloaded() ? PRELOADED | SETTING | PRELOAD_SET : 0);
    many = calloc(3000, sizeof *many);
    many[0] = "B=2";
    many[1] = "MANY0=2500";
    for (int i = 1; i < 2500; i++) CHECK(asprintf(&many[i + 1], "MANY%d=x", i) > 0);
    all(wanted, 0);
    u_tick_start();
    all(wanted, 1);
    /* a wrong path: an errno as ever, and the caller goes on */
    U_FAILS(execve("/nonexistent", args, built), ENOENT);
    U_FAILS(execl("/nonexistent", "x", NULL), ENOENT);
    U_FAILS(execle("/", "x", NULL, built), EACCES);
    int before = u_ticks();
    while (u_ticks() == before) u_sleep(1);
    cleared(wanted);
    u_tick_end();
    cleared(wanted);
    return 0;
}
