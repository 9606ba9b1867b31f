// rule: many threads blocked in read(2) on one pipe: every byte goes to exactly one of them
#include "../io/util.h"
enum { T = 12, N = 3000 };
static int p[2];
static void *reader(void *arg) {
    (void)arg;
    int v;
    long sum = 0;
    while (read(p[0], &v, sizeof v) == sizeof v) sum += v;
    return (void *)sum;
}

int main(void) {
    u_pipe(p);
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(reader, NULL);
    u_sleep(10);
    for (int i = 1; i <= N; i++) {
        CHECK_EQ(write(p[1], &i, sizeof i), sizeof i);
        if (i % 500 == 0) u_sleep(1);
    }
    close(p[1]);
    long sum = 0;
    for (int i = 0; i < T; i++) sum += (long)u_join(t[i]);
    printf("%ld\n", sum);
    return 0;
}
