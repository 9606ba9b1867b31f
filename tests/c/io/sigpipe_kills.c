// rule: a write to a pipe without readers kills the process by SIGPIPE when the signal has its default action
// env: GEVENTRS_SLICE=5000
// exit: signal 13
#include "../io/util.h"

int main(void) {
    int p[2];
    u_pipe(p);
    u_tick_start();
    close(p[0]);
    puts("before");
    fflush(stdout);
    u_sleep(5);
    if (write(p[1], "x", 1) == -1) puts("an error instead");
    return 0;
}
