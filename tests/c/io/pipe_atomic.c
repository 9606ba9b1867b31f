// rule: pipe(7): writes of up to PIPE_BUF bytes are atomic: those of many threads are never interleaved, also when the pipe is full
#include "../io/util.h"
enum { T = 8, N = 60 };
static int p[2];
static void *writer(void *arg) {
    char b[PIPE_BUF];
    for (int i = 0; i < N; i++) {
        memset(b, 'a' + (int)(intptr_t)arg, sizeof b);
        CHECK_EQ(write(p[1], b, sizeof b), sizeof b);
    }
    return NULL;
}

int main(void) {
    u_pipe(p);
    pthread_t t[T];
    int count[T] = {0};
    for (int i = 0; i < T; i++) t[i] = u_spawn(writer, (void *)(intptr_t)i);
    u_sleep(20);
    for (int i = 0; i < T * N; i++) {
        char b[PIPE_BUF];
        CHECK_EQ(u_read_all(p[0], b, sizeof b), sizeof b);
        for (int j = 1; j < PIPE_BUF; j++) CHECK_EQ(b[j], b[0]);
        count[b[0] - 'a']++;
    }
    for (int i = 0; i < T; i++) {
        u_join(t[i]);
        CHECK_EQ(count[i], N);
    }
    puts("ok");
    return 0;
}
