// rule: waitpid(2) blocks only its thread: the child ends when another thread of the parent writes to it
#include "../io/util.h"

int main(void) {
    for (int call = 0; call < 4; call++) {
        int p[2];
        u_pipe(p);
        pid_t c = fork();
        CHECK(c >= 0);
        if (c == 0) {
            char b = 0;
            close(p[1]);
            ssize_t r = read(p[0], &b, 1);
            _exit(r == 1 ? b : 99);
        }
        pthread_t t = u_write_later(20, p[1], "\x2a");
        int st = -1;
        siginfo_t si;
        struct rusage ru;
        switch (call) {
        case 0: CHECK_EQ(waitpid(c, &st, 0), c); break;
        case 1: CHECK_EQ(wait(&st), c); break;
        case 2: CHECK_EQ(wait4(c, &st, 0, &ru), c); break;
        case 3:
            CHECK_EQ(waitid(P_PID, c, &si, WEXITED), 0);
            CHECK_EQ(si.si_pid, c);
            CHECK_EQ(si.si_code, CLD_EXITED);
            st = si.si_status << 8;
            break;
        }
        CHECK(WIFEXITED(st));
        CHECK_EQ(WEXITSTATUS(st), 42);
        u_join(t);
        close(p[0]);
        close(p[1]);
    }
    puts("ok");
    return 0;
}
