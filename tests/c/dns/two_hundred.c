// rule: getaddrinfo(3) is thread-safe: 200 threads that ask a slow server at once get each its own answer
// timeout: 60
// variant: thousand -DN=1000
/* One thread more samples how many OS threads there are: at most as many as
 * GEVENTRS_CARRIERS (64) allows, and the library's own. */
#include "nameserver.h"
#include <sys/resource.h>

#ifndef N
#define N 200
#endif
static int port, most, stop;
static void *samples(void *arg) {
    while (!__atomic_load_n(&stop, __ATOMIC_SEQ_CST)) {
        int now = os_threads();
        most = now > most ? now : most;
        sleep_ms(5);
    }
    return arg;
}

static void *resolve(void *arg) {
    int n = (intptr_t)arg;
    char name[32];
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    ns_use(port);
    _res.retrans = 20; /* a busy machine is no failure */
    snprintf(name, sizeof name, "h%d.example.", n);
    CHECK_EQ(getaddrinfo(name, "80", &hints, &found), 0);
    struct sockaddr_in *a = (struct sockaddr_in *)found->ai_addr;
    CHECK_EQ(ntohl(a->sin_addr.s_addr), 10u << 24 | 9 << 16 | n);
    CHECK_EQ(ntohs(a->sin_port), 80);
    CHECK(found->ai_next == NULL);
    freeaddrinfo(found);
    return NULL;
}

int main(void) {
    if (!ns_asked()) return 0;
    int s = u_bound(SOCK_DGRAM, &port);
    int room = 4 << 20;
    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    struct rlimit files;
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
    pid_t server = ns_start(s, 30);
    static pthread_t t[N];
    pthread_t sampler = u_spawn(samples, NULL);
    for (intptr_t i = 0; i < N; i++) t[i] = u_spawn(resolve, (void *)i);
    for (int i = 0; i < N; i++) u_join(t[i]);
    __atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
    u_join(sampler);
    struct rusage used;
    CHECK_EQ(getrusage(RUSAGE_SELF, &used), 0);
    if (preloaded()) CHECK(most <= 64 + 3);
    CHECK(used.ru_maxrss < 300 * 1024); /* KiB */
    printf("%d answers\n", N);
    ns_stop(server);
    return 0;
}
