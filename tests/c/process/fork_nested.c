// rule: a child of a threaded process may make threads and fork again; grandchildren work the same, and every level gets its codes
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

static void *level(void *arg) {
    int depth = (int)(intptr_t)arg;
    if (depth == 0) {
        u_sleep(3);
        return (void *)1;
    }
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        pthread_t a = u_spawn(level, (void *)(intptr_t)(depth - 1)), b = u_spawn(level, NULL);
        int v = (int)(intptr_t)u_join(a) + (int)(intptr_t)u_join(b);
        _exit(v);
    }
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK(WIFEXITED(st));
    return (void *)(intptr_t)WEXITSTATUS(st);
}

int main(void) {
    u_tick_start();
    printf("%d\n", (int)(intptr_t)u_join(u_spawn(level, (void *)4)));
    u_tick_end();
    return 0;
}
