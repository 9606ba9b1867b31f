// rule: a thread-per-connection echo server serves 200 client threads of the same process at once
// timeout: 40
#include "../io/util.h"
enum { N = 200, ROUNDS = 10 };
static int port, l;
static void *session(void *arg) {
    int s = (int)(intptr_t)arg;
    char b[256];
    ssize_t r;
    while ((r = read(s, b, sizeof b)) > 0) u_write_all(s, b, r);
    CHECK_EQ(r, 0);
    close(s);
    return NULL;
}
static void *server(void *arg) {
    (void)arg;
    static pthread_t t[N];
    for (int i = 0; i < N; i++) {
        int s = accept(l, NULL, NULL);
        CHECK(s >= 0);
        t[i] = u_spawn(session, (void *)(intptr_t)s);
    }
    for (int i = 0; i < N; i++) u_join(t[i]);
    return NULL;
}
static void *client(void *arg) {
    int id = (int)(intptr_t)arg, s = u_connect(port);
    unsigned char b[100], w[100];
    for (int i = 0; i < ROUNDS; i++) {
        u_fill(b, sizeof b, id * 1000 + i);
        u_write_all(s, b, sizeof b);
        CHECK_EQ(u_read_all(s, w, sizeof w), sizeof w);
        CHECK_EQ(memcmp(b, w, sizeof b), 0);
    }
    CHECK_EQ(shutdown(s, SHUT_WR), 0);
    CHECK_EQ(read(s, b, 1), 0);
    close(s);
    return (void *)1;
}

int main(void) {
    static pthread_t t[N];
    l = u_listen(N, &port);
    pthread_t st = u_spawn(server, NULL);
    int done = 0;
    for (int i = 0; i < N; i++) t[i] = u_spawn(client, (void *)(intptr_t)i);
    for (int i = 0; i < N; i++) done += (int)(intptr_t)u_join(t[i]);
    u_join(st);
    printf("%d clients\n", done);
    return 0;
}
