// rule: system(3) is thread-safe: many threads wait for their commands at the same time
// one-thread: yes
#include "../io/util.h"

enum { N = 40 };
static void *run(void *arg) {
    char cmd[64];
    int n = (intptr_t)arg;
    snprintf(cmd, sizeof cmd, "sleep 0.3; exit %d", n);
    CHECK_EQ(system(cmd), n << 8);
    return NULL;
}

int main(void) {
    pthread_t t[N];
    struct sigaction a;
    int64_t t0 = now_ms();
    for (intptr_t i = 0; i < N; i++) t[i] = u_spawn(run, (void *)i);
    for (int i = 0; i < N; i++) u_join(t[i]);
    CHECK(now_ms() - t0 < N * 300 / 2);
    CHECK_EQ(sigaction(SIGINT, NULL, &a), 0);
    CHECK(a.sa_handler == SIG_DFL);
    puts("all");
    return 0;
}
