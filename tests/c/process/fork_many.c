// rule: many threads fork at the same time: every one waits for its own children and gets their codes
#include "../io/util.h"
enum { T = 6, N = 4 };
static void *forker(void *arg) {
    int id = (int)(intptr_t)arg, sum = 0;
    for (int i = 0; i < N; i++) {
        pid_t c = fork();
        CHECK(c >= 0);
        if (c == 0) {
            u_sleep(id);
            _exit(id * 10 + i);
        }
        int st;
        CHECK_EQ(waitpid(c, &st, 0), c);
        CHECK(WIFEXITED(st));
        CHECK_EQ(WEXITSTATUS(st), id * 10 + i);
        sum += WEXITSTATUS(st);
    }
    return (void *)(intptr_t)sum;
}

int main(void) {
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(forker, (void *)(intptr_t)i);
    for (int i = 0; i < T; i++) printf("%d\n", (int)(intptr_t)u_join(t[i]));
    return 0;
}
