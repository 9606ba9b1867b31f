// rule: vfork(2) and exec in a threaded process: the child's exit code arrives and the parent's threads run on
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    u_tick_start();
    for (int i = 0; i < 3; i++) {
        pid_t c = vfork();
        CHECK(c >= 0);
        if (c == 0) {
            execl("/bin/sh", "sh", "-c", i == 0 ? "exit 5" : i == 1 ? "sleep 0.02; exit 6" : "kill -9 $$", (char *)NULL);
            _exit(127);
        }
        int st;
        CHECK_EQ(waitpid(c, &st, 0), c);
        printf("%d\n", WIFEXITED(st) ? WEXITSTATUS(st) : -WTERMSIG(st));
    }
    pid_t c = vfork();
    if (c == 0) _exit(9);
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    printf("%d\n", WEXITSTATUS(st));
    u_tick_end();
    return 0;
}
