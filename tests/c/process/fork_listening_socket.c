// rule: a child uses the inherited listening socket: its accept serves clients that are threads of the parent
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
enum { N = 5 };
static int port;
static void *client(void *arg) {
    int s = u_connect(port), v = (int)(intptr_t)arg;
    u_write_all(s, &v, sizeof v);
    CHECK_EQ(u_read_all(s, &v, sizeof v), sizeof v);
    close(s);
    return (void *)(intptr_t)v;
}
static void *session(void *arg) {
    int s = (int)(intptr_t)arg, v;
    CHECK_EQ(u_read_all(s, &v, sizeof v), sizeof v);
    u_sleep(3);
    v *= 10;
    u_write_all(s, &v, sizeof v);
    close(s);
    return NULL;
}

int main(void) {
    int l = u_listen(N, &port);
    u_tick_start();
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        pthread_t t[N];
        for (int i = 0; i < N; i++) {
            int s = accept(l, NULL, NULL);
            CHECK(s >= 0);
            t[i] = u_spawn(session, (void *)(intptr_t)s);
        }
        for (int i = 0; i < N; i++) u_join(t[i]);
        _exit(0);
    }
    close(l);
    pthread_t t[N];
    for (int i = 0; i < N; i++) t[i] = u_spawn(client, (void *)(intptr_t)i);
    for (int i = 0; i < N; i++) printf("%d\n", (int)(intptr_t)u_join(t[i]));
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK_EQ(st, 0);
    u_tick_end();
    return 0;
}
