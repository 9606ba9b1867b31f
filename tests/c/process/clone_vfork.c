// rule: clone(2) with CLONE_VM and CLONE_VFORK: the child runs in the caller's memory until it has executed a program or is gone; only the caller waits for that
#include "../io/util.h"
#include <sched.h>
enum { STACK = 64 * 1024 };
static volatile int seen;

static int executes(void *arg) {
    seen = 7;
    close(*(int *)arg); /* its own table of descriptors */
    u_sleep(30);
    execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
    return 100;
}

static int returns(void *arg) {
    seen++;
    if (write(*(int *)arg, "x", 1) != 1) return 101;
    return 6;
}

static int ended(pid_t c) {
    int status;
    CHECK(c > 0);
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void *all(void *arg) {
    char *stack = malloc(STACK), c;
    int p[2];
    u_pipe(p);
    for (int i = 0; i < 5; i++) {
        int before = u_ticks();
        pid_t pid = clone(executes, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &p[1]);
        CHECK_EQ(seen, 7);
        if (arg) u_ticked(before);
        CHECK_EQ(ended(pid), 5);
        CHECK_EQ(ended(clone(returns, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &p[1])), 6);
        CHECK_EQ(seen, 8);
        CHECK_EQ(read(p[0], &c, 1), 1);
    }
    close(p[0]);
    close(p[1]);
    free(stack);
    return NULL;
}

int main(void) {
    all(NULL);
    u_tick_start();
    all("");
    u_join(u_spawn(all, ""));
    u_tick_end();
    puts("ok");
    return 0;
}
