// rule: who takes LD_PRELOAD out of an environment that is otherwise the process's own, or sets it to nothing, gets a child without it (env -u, unset)
// env: GEVENTRS_SLICE=20
#include "follow.h"
static char *const args[] = {"name", "probe", "a", "b", NULL};

int main(int argc, char **argv) {
    if (argc > 1) return probe(argc, argv);
    find_self();
    int slice = getenv("GEVENTRS_SLICE") ? SETTING : 0;
    char *empty[] = {"B=2", "LD_PRELOAD=", NULL};
    char *said[] = {"B=2", "GEVENTRS_FOLLOW=off", NULL};
    setenv("B", "2", 1);
    for (int threads = 0; threads < 2; threads++) {
        if (threads) u_tick_start();
        CHECK_EQ(CHILD(fork, execve(self_path, args, empty)), RIGHT | PRELOAD_SET);
        CHECK_EQ(CHILD(fork, execve(self_path, args, said)), RIGHT);
        CHECK_EQ(CHILD(fork, unsetenv("LD_PRELOAD"); execv(self_path, args)), RIGHT | slice);
        CHECK_EQ(CHILD(fork, execlp("env", "env", "-u", "LD_PRELOAD", self_path, "probe", "a", "b", NULL)), RIGHT | slice);
        /* a setting alone that is taken out stays out */
        int wanted = RIGHT | (preloaded() ? PRELOADED | PRELOAD_SET : 0);
        CHECK_EQ(CHILD(fork, unsetenv("GEVENTRS_SLICE"); execv(self_path, args)), wanted);
    }
    u_tick_end();
    puts("ok");
    return 0;
}
