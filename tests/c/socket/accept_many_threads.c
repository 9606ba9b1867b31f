// rule: many threads blocked in accept(2) on one listener: every connection goes to exactly one of them
#include "../io/util.h"
enum { N = 16 };
static int port, l;
static void *server(void *arg) {
    (void)arg;
    int s = accept(l, NULL, NULL), v;
    CHECK(s >= 0);
    CHECK_EQ(u_read_all(s, &v, sizeof v), sizeof v);
    u_write_all(s, &v, sizeof v);
    close(s);
    return (void *)(intptr_t)v;
}
static void *client(void *arg) {
    int s = u_connect(port), v = (int)(intptr_t)arg, w;
    u_write_all(s, &v, sizeof v);
    CHECK_EQ(u_read_all(s, &w, sizeof w), sizeof w);
    CHECK_EQ(w, v);
    CHECK_EQ(read(s, &w, sizeof w), 0);
    close(s);
    return NULL;
}

int main(void) {
    l = u_listen(N, &port);
    pthread_t st[N], ct[N];
    for (int i = 0; i < N; i++) st[i] = u_spawn(server, NULL);
    u_sleep(20);
    for (int i = 0; i < N; i++) ct[i] = u_spawn(client, (void *)(intptr_t)(1 << i));
    int sum = 0;
    for (int i = 0; i < N; i++) sum += (int)(intptr_t)u_join(st[i]);
    for (int i = 0; i < N; i++) u_join(ct[i]);
    CHECK_EQ(sum, (1 << N) - 1);
    puts("ok");
    return 0;
}
