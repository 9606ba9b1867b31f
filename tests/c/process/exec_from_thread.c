// rule: exec by any thread replaces the process: the other threads end, the process id and the descriptors stay
// exit: 9
#include "../io/util.h"
static void *idle(void *arg) {
    char c;
    if (read(*(int *)arg, &c, 1) >= 0) puts("must not wake");
    return NULL;
}
static void *executor(void *arg) {
    u_sleep(10);
    char cmd[100];
    snprintf(cmd, sizeof cmd, "test $$ = %d && read x <&%d && echo \"$x\" && exit 9", getpid(), *(int *)arg);
    execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
    puts("exec failed");
    return NULL;
}

int main(void) {
    int p[2], q[2];
    u_pipe(p);
    u_pipe(q);
    CHECK_EQ(write(q[1], "left in the pipe\n", 17), 17);
    for (int i = 0; i < 3; i++) u_spawn(idle, &p[0]);
    u_join(u_spawn(executor, &q[0]));
    return 1;
}
