// rule: daemon(3): goes on in a child that leads a session, with /dev/null for its standard descriptors, and may make threads
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

static void *reads(void *arg) {
    char b;
    CHECK_EQ(read(0, &b, 1), 0); /* the end of /dev/null, not a wait for the pipe */
    return arg;
}

int main(void) {
    int p[2], in[2];
    u_pipe(p);
    u_pipe(in);
    u_tick_start();
    CHECK_EQ(dup2(in[0], 0), 0);
    u_join(u_write_later(1, in[1], "x"));
    char b;
    CHECK_EQ(read(0, &b, 1), 1);
    fflush(stdout);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        CHECK_EQ(daemon(1, 0), 0);
        CHECK_EQ(getsid(0), getpid());
        u_tick_start();
        u_join(u_spawn(reads, NULL));
        u_tick_end();
        CHECK_EQ(write(p[1], "daemon\n", 7), 7);
        _exit(0);
    }
    close(p[1]);
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK_EQ(st, 0);
    char line[16];
    size_t n = u_read_all(p[0], line, sizeof line);
    printf("%.*s", (int)n, line);
    u_tick_end();
    return 0;
}
