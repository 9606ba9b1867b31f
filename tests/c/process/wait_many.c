// rule: wait for any child, WNOHANG while it lives, WNOWAIT, a killed child's signal, and ECHILD when there is none
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    u_tick_start();
    U_FAILS(wait(NULL), ECHILD);
    U_FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
    int p[2], st, seen = 0;
    u_pipe(p);
    for (int i = 0; i < 4; i++) {
        pid_t c = fork();
        CHECK(c >= 0);
        if (c == 0) {
            char b;
            close(p[1]);
            if (read(p[0], &b, 1) != 0) _exit(99); /* the end: all go on */
            _exit(i);
        }
    }
    CHECK_EQ(waitpid(-1, &st, WNOHANG), 0);
    pthread_t t = u_close_later(20, p[1]);
    for (int i = 0; i < 4; i++) {
        CHECK(wait(&st) > 0);
        CHECK(WIFEXITED(st));
        seen |= 1 << WEXITSTATUS(st);
    }
    CHECK_EQ(seen, 15);
    u_join(t);
    U_FAILS(wait(&st), ECHILD);

    pid_t c = fork();
    if (c == 0) {
        for (;;) pause();
    }
    CHECK_EQ(kill(c, SIGKILL), 0);
    siginfo_t si;
    CHECK_EQ(waitid(P_ALL, 0, &si, WEXITED | WNOWAIT), 0);
    CHECK_EQ(si.si_pid, c);
    CHECK_EQ(si.si_code, CLD_KILLED);
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK(WIFSIGNALED(st));
    CHECK_EQ(WTERMSIG(st), SIGKILL);
    U_FAILS(waitpid(c, &st, 0), ECHILD);
    U_FAILS(waitpid(c, &st, 0x10000), EINVAL);
    u_tick_end();
    puts("ok");
    return 0;
}
