/* spawn N PROGRAM [LIBRARY]: starts PROGRAM N times with posix_spawn, one after
 * the other, with LD_PRELOAD=LIBRARY if given. Prints ms per run of PROGRAM.
 * A run which takes longer than 10 s is killed and fails the measurement. */
#include "common.h"
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

static volatile pid_t child;

static void too_long(int signal) {
    (void)signal;
    if (child > 0)
        kill(child, SIGKILL);
}

int main(int argc, char **argv) {
    static char preload[4096];
    if (argc < 3)
        check(EINVAL, "spawn N PROGRAM [LIBRARY]");
    long times = arg_long(argc, argv, 1, 200);
    char *args[] = {argv[2], NULL};
    char *env[] = {argc > 3 ? preload : NULL, NULL};
    if (argc > 3)
        snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[3]);
    signal(SIGALRM, too_long);
    long long start = now_ns();
    for (long i = 0; i < times; i++) {
        pid_t pid;
        int status;
        check(posix_spawn(&pid, argv[2], NULL, NULL, args, env), argv[2]);
        child = pid;
        alarm(10);
        while (waitpid(pid, &status, 0) < 0)
            must(errno == EINTR ? 0 : -1, "waitpid");
        child = 0;
        if (status) {
            fprintf(stderr, "%s ended with wait status %#x\n", argv[2], status);
            return 2;
        }
    }
    printf("ms_per_start %.4f\n", (now_ns() - start) / 1e6 / times);
    return 0;
}
