// rule: look-ups by several threads wait for their servers at the same time
#include "nameserver.h"

enum { N = 4, MS = 400 };
static int port;
static void *resolve(void *arg) {
    unsigned char answer[512];
    char name[32];
    ns_use(port);
    _res.retrans = 10;
    snprintf(name, sizeof name, "h%d.example.", (int)(intptr_t)arg);
    CHECK(res_query(name, ns_c_in, ns_t_a, answer, sizeof answer) > 12);
    return NULL;
}

int main(void) {
    int s = u_bound(SOCK_DGRAM, &port);
    pid_t server = ns_start(s, MS);
    pthread_t t[N];
    int64_t t0 = now_ms();
    for (intptr_t i = 0; i < N; i++) t[i] = u_spawn(resolve, (void *)i);
    for (int i = 0; i < N; i++) u_join(t[i]);
    if (preloaded()) CHECK(now_ms() - t0 < (N - 1) * MS);
    puts("at the same time");
    ns_stop(server);
    return 0;
}
