// rule: system(3) waits for the command and gives its status, blocking only its thread: another thread feeds the command
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    u_tick_start();
    int st = system("exit 3");
    CHECK(WIFEXITED(st));
    printf("%d\n", WEXITSTATUS(st));
    st = system("true");
    printf("%d\n", st);
    CHECK(system(NULL) != 0);
    int p[2];
    char cmd[64];
    u_pipe(p);
    snprintf(cmd, sizeof cmd, "read x <&%d; exit $x", p[0]);
    pthread_t t = u_write_later(20, p[1], "17\n"); /* the command ends only when this thread ran */
    st = system(cmd);
    CHECK(WIFEXITED(st));
    printf("%d\n", WEXITSTATUS(st));
    u_join(t);
    st = system("kill -15 $$");
    printf("%d\n", WIFSIGNALED(st) ? WTERMSIG(st) : -1);
    u_tick_end();
    return 0;
}
