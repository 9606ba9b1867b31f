// rule: clone(2) without CLONE_VM, by libc's function and by syscall(2), copies the process: the child has the caller's thread alone, and may make threads of its own
#include "../io/util.h"
#include <linux/sched.h>
#include <sched.h>
enum { STACK = 256 * 1024 };

static void *add(void *arg) {
    u_sleep(2);
    *(int *)arg += 1;
    return NULL;
}

/* In the child: threads, pipes and sleeps work. */
static int child(void *arg) {
    int sum = *(int *)arg, p[2];
    char c;
    pthread_t t[3];
    for (int i = 0; i < 3; i++) t[i] = u_spawn(add, &sum);
    for (int i = 0; i < 3; i++) u_join(t[i]);
    u_pipe(p);
    pthread_t w = u_write_later(3, p[1], "k");
    CHECK_EQ(read(p[0], &c, 1), 1);
    u_join(w);
    CHECK_EQ(c, 'k');
    return sum;
}

static int ended(pid_t c) {
    int status;
    CHECK(c > 0);
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void *all(void *arg) {
    (void)arg;
    int ten = 10;
    char *stack = malloc(STACK);
    CHECK(stack != NULL);
    CHECK_EQ(ended(clone(child, stack + STACK, SIGCHLD, &ten)), 13);
    /* one table of descriptors: the parent's are still open afterwards */
    CHECK_EQ(ended(clone(child, stack + STACK, SIGCHLD | CLONE_FILES, &ten)), 13);
    pid_t told = 0;
    CHECK_EQ(ended(clone(child, stack + STACK, SIGCHLD | CLONE_PARENT_SETTID, &ten, &told)), 13);
    CHECK(told > 0);
    free(stack);
    pid_t c = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (c == 0) _exit(child(&ten));
    CHECK_EQ(ended(c), 13);
#ifdef SYS_fork
    c = syscall(SYS_fork);
    if (c == 0) _exit(child(&ten));
    CHECK_EQ(ended(c), 13);
#endif
    struct clone_args args;
    memset(&args, 0, sizeof args);
    args.exit_signal = SIGCHLD;
    c = syscall(SYS_clone3, &args, sizeof args);
    if (c == 0) _exit(child(&ten));
    CHECK_EQ(ended(c), 13);
    U_FAILS(syscall(SYS_clone3, (void *)8, sizeof args), EFAULT);
    U_FAILS(clone(child, NULL, SIGCHLD, &ten), EINVAL);
    return NULL;
}

int main(void) {
    all(NULL);
    u_tick_start();
    all(NULL);
    u_join(u_spawn(all, NULL));
    int before = u_ticks();
    while (u_ticks() == before) u_sleep(1);
    u_tick_end();
    puts("ok");
    return 0;
}
