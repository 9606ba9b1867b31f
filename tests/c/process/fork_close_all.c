// rule: a child that closes all descriptors from 3 up (as daemons do) still has working sleeps, threads and new pipes
// env: GEVENTRS_SLICE=5000
// glibc: 2.34
#include "../io/util.h"
static int child(int how) {
    if (how == 0) closefrom(3);
    else if (how == 1) CHECK_EQ(close_range(3, ~0U, 0), 0);
    else
        for (int i = 3; i < 1024; i++) close(i);
    u_sleep(3);
    int p[2];
    char c;
    u_pipe(p);
    pthread_t t = u_write_later(5, p[1], "k");
    CHECK_EQ(read(p[0], &c, 1), 1);
    u_join(t);
    return c;
}

int main(void) {
    int p[2];
    char b;
    u_pipe(p);
    u_tick_start();
    u_sleep(3);
    for (int how = 0; how < 3; how++) {
        pid_t c = fork();
        CHECK(c >= 0);
        if (c == 0) _exit(child(how));
        int st;
        CHECK_EQ(waitpid(c, &st, 0), c);
        CHECK(WIFEXITED(st));
        CHECK_EQ(WEXITSTATUS(st), 'k');
        pthread_t t = u_write_later(5, p[1], "p"); /* the parent is not touched */
        CHECK_EQ(read(p[0], &b, 1), 1);
        u_join(t);
    }
    u_tick_end();
    puts("ok");
    return 0;
}
