// rule: ld.so(8): a program that names another library in its child's LD_PRELOAD gets it; ours goes in front of it, and back out of it where it is not wanted
#include "follow.h"
static char *const args[] = {"name", "probe", "a", "b", NULL};

int main(int argc, char **argv) {
    if (argc > 1) {
        /* ld.so has said on stderr that there is no other.so: to /dev/null */
        return probe(argc, argv);
    }
    find_self();
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char *env[] = {"B=2", "LD_PRELOAD=/nowhere/other.so", NULL};
    int wanted = RIGHT | LIST | PRELOAD_SET | (preloaded() ? PRELOADED : 0);
    for (int threads = 0; threads < 2; threads++) {
        if (threads) u_tick_start();
        CHECK_EQ(CHILD(fork, dup2(null, 2); execve(self_path, args, env)), wanted);
        CHECK_STR(env[1], "LD_PRELOAD=/nowhere/other.so");
    }
    u_tick_end();
    puts("ok");
    return 0;
}
