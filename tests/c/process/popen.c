// rule: popen(3) and pclose(3) block only their thread: output is read as it comes, and the exit status is returned
// env: GEVENTRS_SLICE=5000
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"

int main(void) {
    u_tick_start();
    u_sleep(2);
    int before = u_ticks(), p[2];
    FILE *f = popen("sleep 0.05; echo one; echo two; exit 6", "r");
    CHECK(f != NULL);
    char line[64];
    while (fgets(line, sizeof line, f)) fputs(line, stdout);
    int st = pclose(f);
    printf("%d\n", WEXITSTATUS(st));
    u_ticked(before);

    char cmd[80];
    u_pipe(p);
    snprintf(cmd, sizeof cmd, "read x <&%d; echo \"got $x\"", p[0]);
    pthread_t t = u_write_later(20, p[1], "thread\n");
    f = popen(cmd, "r");
    CHECK(fgets(line, sizeof line, f) != NULL);
    fputs(line, stdout);
    CHECK_EQ(pclose(f), 0);
    u_join(t);

    fflush(stdout);
    snprintf(cmd, sizeof cmd, "cat >&%d", p[1]);
    f = popen(cmd, "w");
    fputs("to the pipe", f);
    CHECK_EQ(pclose(f), 0);
    ssize_t n = read(p[0], line, sizeof line);
    printf("%.*s\n", (int)n, line);
    snprintf(cmd, sizeof cmd, "read x <&%d; exit $x", p[0]);
    f = popen(cmd, "w");
    t = u_write_later(20, p[1], "8\n");
    st = pclose(f); /* waits for the child */
    printf("%d\n", WEXITSTATUS(st));
    u_join(t);
    u_tick_end();
    return 0;
}
