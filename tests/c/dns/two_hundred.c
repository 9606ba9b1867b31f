// rule: getaddrinfo(3) is thread-safe: 200 threads that ask a slow server at once get each its own answer
// timeout: 60
#include "nameserver.h"

enum { N = 200 };
static int port;
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
    pid_t server = ns_start(s, 30);
    pthread_t t[N];
    for (intptr_t i = 0; i < N; i++) t[i] = u_spawn(resolve, (void *)i);
    for (int i = 0; i < N; i++) u_join(t[i]);
    printf("%d answers\n", N);
    ns_stop(server);
    return 0;
}
