// rule: GEVENTRS_FOLLOW=off: programs that this one executes are not preloaded, and see no trace of it
// env: GEVENTRS_FOLLOW=off
#include "follow.h"
static char *const args[] = {"name", "probe", "a", "b", NULL};

int main(int argc, char **argv) {
    if (argc > 1) return probe(argc, argv);
    find_self();
    CHECK_EQ(here(), preloaded());
    char command[PATH_MAX + 20];
    snprintf(command, sizeof command, "%s probe a b", self_path);
    setenv("B", "2", 1);
    for (int threads = 0; threads < 2; threads++) {
        if (threads) u_tick_start();
        CHECK_EQ(CHILD(fork, execv(self_path, args)), RIGHT);
        CHECK_EQ(CHILD(vfork, execl(self_path, "name", "probe", "a", "b", NULL)), RIGHT);
        CHECK_EQ(CHILD(fork, execve(self_path, args, environ)), RIGHT);
        CHECK_EQ(WEXITSTATUS(system(command)), RIGHT);
        FILE *f = popen(command, "r");
        CHECK_EQ(WEXITSTATUS(pclose(f)), RIGHT);
        pid_t pid;
        CHECK_EQ(posix_spawn(&pid, self_path, NULL, NULL, args, environ), 0);
        CHECK_EQ(code_of(pid), RIGHT);
    }
    u_tick_end();
    puts("ok");
    return 0;
}
