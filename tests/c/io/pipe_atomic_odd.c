// rule: pipe(7): an atomic write waits until the whole message fits, it is never split (message sizes that do not divide the capacity)
#include "../io/util.h"
enum { T = 6, N = 100, MAX = 3001 };
static int p[2];
static void *writer(void *arg) {
    int id = (int)(intptr_t)arg;
    char b[MAX];
    for (int i = 0; i < N; i++) {
        short len = 4 + (id * 977 + i * 131) % (MAX - 4);
        memset(b, id, sizeof b);
        memcpy(b, &len, 2);
        CHECK_EQ(write(p[1], b, len), len);
    }
    return NULL;
}

int main(void) {
    u_pipe(p);
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(writer, (void *)(intptr_t)i);
    u_sleep(20);
    int count[T] = {0};
    for (int i = 0; i < T * N; i++) {
        char b[MAX];
        short len = 0;
        CHECK_EQ(u_read_all(p[0], &len, 2), 2);
        CHECK(len >= 4 && len <= MAX);
        CHECK_EQ(u_read_all(p[0], b, len - 2), len - 2);
        int id = b[0];
        CHECK(id >= 0 && id < T);
        CHECK_EQ(len, 4 + (id * 977 + count[id] * 131) % (MAX - 4)); /* in the order of each thread */
        for (int j = 1; j < len - 2; j++) CHECK_EQ(b[j], id);
        count[id]++;
    }
    for (int i = 0; i < T; i++) u_join(t[i]);
    puts("ok");
    return 0;
}
