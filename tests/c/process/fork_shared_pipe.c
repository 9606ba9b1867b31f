// rule: parent and child threads read one pipe: every message goes to exactly one thread of one process
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
enum { T = 3, N = 300 };
static int p[2];
static void *reader(void *arg) {
    (void)arg;
    int v;
    long sum = 0;
    while (read(p[0], &v, sizeof v) == sizeof v) sum += v;
    return (void *)sum;
}
static long readers(void) {
    pthread_t t[T];
    long sum = 0;
    for (int i = 0; i < T; i++) t[i] = u_spawn(reader, NULL);
    for (int i = 0; i < T; i++) sum += (long)u_join(t[i]);
    return sum;
}
static void *writer(void *arg) {
    (void)arg;
    for (int i = 1; i <= N; i++) {
        CHECK_EQ(write(p[1], &i, sizeof i), sizeof i);
        if (i % 50 == 0) u_sleep(1);
    }
    close(p[1]);
    return NULL;
}

int main(void) {
    int back[2];
    u_pipe(p);
    u_pipe(back);
    u_tick_start();
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        close(p[1]);
        long s = readers();
        CHECK_EQ(write(back[1], &s, sizeof s), sizeof s);
        _exit(0);
    }
    pthread_t w = u_spawn(writer, NULL);
    long mine = readers(), its;
    u_join(w);
    CHECK_EQ(read(back[0], &its, sizeof its), sizeof its);
    CHECK_EQ(waitpid(c, NULL, 0), c);
    printf("%ld\n", mine + its);
    u_tick_end();
    return 0;
}
