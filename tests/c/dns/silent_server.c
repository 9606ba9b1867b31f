// rule: getaddrinfo(3) blocks only its thread while a name server does not answer: another one ticks
// env: GEVENTRS_SLICE=5000
#include "nameserver.h"

static int port;
static void *resolve(void *arg) {
    (void)arg;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    ns_use(port);
    int r = getaddrinfo("h1.example.", "80", &hints, &found);
    printf("%s\n", r == EAI_AGAIN ? "EAI_AGAIN" : gai_strerror(r));
    return NULL;
}

int main(void) {
    if (!ns_asked()) return 0;
    int s = u_bound(SOCK_DGRAM, &port); /* nobody reads it */
    pthread_t ticker = u_spawn(ns_tick_fn, NULL);
    u_sleep(10);
    int before = ns_ticks();
    int64_t t0 = now_ms();
    pthread_t t = u_spawn(resolve, NULL);
    u_join(t);
    int took = now_ms() - t0;
    CHECK(took >= 900);
    ns_ticked(before, took);
    ns_stop_ = 1;
    u_join(ticker);
    close(s);
    return 0;
}
