// rule: GEVENTRS_FOLLOW=-NAME: that program is not preloaded, others are
// env: GEVENTRS_FOLLOW=-sh,-/nowhere/x
#include "follow.h"
static char *const args[] = {"name", "probe", "a", "b", NULL};

int main(int argc, char **argv) {
    if (argc > 1) return probe(argc, argv);
    find_self();
    setenv("B", "2", 1);
    static const char look[] = "n=0; while read l; do case $l in *geventrs.so*) n=1;; esac; done </proc/$$/maps; exit $n";
    int wanted = RIGHT | (preloaded() ? PRELOADED | PRELOAD_SET : 0);
    for (int threads = 0; threads < 2; threads++) {
        if (threads) u_tick_start();
        CHECK_EQ(CHILD(fork, execv(self_path, args)), wanted);
        CHECK_EQ(CHILD(fork, execl("/bin/sh", "sh", "-c", look, NULL)), 0);
        CHECK_EQ(CHILD(fork, execlp("sh", "sh", "-c", look, NULL)), 0);
        CHECK_EQ(WEXITSTATUS(system(look)), 0);
        CHECK_EQ(CHILD(fork, execlp("bash", "bash", "-c", look, NULL)), preloaded());
    }
    u_tick_end();
    puts("ok");
    return 0;
}
