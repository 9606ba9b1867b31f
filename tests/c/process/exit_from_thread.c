// rule: exit(3) in any thread ends the process with its code, runs atexit handlers and flushes stdio while other threads wait
// exit: 4
#include "../io/util.h"
static void bye(void) { printf("atexit\n"); }
static void *idle(void *arg) {
    char c;
    if (read(*(int *)arg, &c, 1) >= 0) puts("must not wake");
    return NULL;
}
static void *ender(void *arg) {
    (void)arg;
    u_sleep(10);
    printf("not flushed, "); /* by exit */
    exit(4);
}

int main(void) {
    int p[2];
    u_pipe(p);
    atexit(bye);
    for (int i = 0; i < 3; i++) u_spawn(idle, &p[0]);
    u_join(u_spawn(ender, NULL));
    puts("must not come here");
    return 1;
}
