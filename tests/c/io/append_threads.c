// rule: O_APPEND: every write(2) goes whole to the end of the file, whatever other threads write
#include "../io/util.h"
enum { T = 6, N = 100, L = 50 };
static char name[] = "/tmp/gvt-apXXXXXX";
static void *worker(void *arg) {
    char b[L];
    memset(b, 'a' + (int)(intptr_t)arg, L);
    b[L - 1] = '\n';
    int f = open(name, O_WRONLY | O_APPEND);
    CHECK(f >= 0);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(write(f, b, L), L);
        if (i % 25 == 0) u_sleep(1);
    }
    close(f);
    return NULL;
}

int main(void) {
    int f = mkstemp(name);
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(worker, (void *)(intptr_t)i);
    for (int i = 0; i < T; i++) u_join(t[i]);
    unlink(name);
    static char b[T * N * L + 1];
    CHECK_EQ(read(f, b, sizeof b), T * N * L);
    int count[T] = {0};
    for (int i = 0; i < T * N; i++) {
        for (int j = 1; j < L - 1; j++) CHECK_EQ(b[i * L + j], b[i * L]);
        CHECK_EQ(b[i * L + L - 1], '\n');
        count[b[i * L] - 'a']++;
    }
    for (int i = 0; i < T; i++) CHECK_EQ(count[i], N);
    puts("ok");
    return 0;
}
