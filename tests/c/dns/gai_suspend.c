// rule: gai_suspend(3) blocks only its thread until a request is done, or for its time limit
// env: GEVENTRS_SLICE=5000
#include "nameserver.h"

static void *all(void *arg) {
    (void)arg;
    struct addrinfo hints = {.ai_family = AF_INET};
    struct gaicb r = {.ar_name = "h5.example.", .ar_request = &hints}, *list[1] = {&r};
    const struct gaicb *waited[1] = {&r};
    int before = ns_ticks();
    int64_t t0 = now_ms();
    CHECK_EQ(getaddrinfo_a(GAI_NOWAIT, list, 1, NULL), 0);
    struct timespec limit = ts_ms(100);
    printf("over: %s\n", gai_strerror(gai_suspend(waited, 1, &limit)));
    ns_ticked(before, 100);
    while (gai_error(&r) == EAI_INPROGRESS) gai_suspend(waited, 1, NULL);
    CHECK_EQ(gai_error(&r), 0);
    CHECK(now_ms() - t0 >= 400);
    ns_ticked(before, 400);
    before = ns_ticks();
    CHECK_EQ(getaddrinfo_a(GAI_WAIT, list, 1, NULL), 0);
    ns_ticked(before, 400);
    puts("waited");
    return NULL;
}

int main(void) {
    int s = ns_asked() ? ns_world() : -1;
    if (s < 0) return 0;
    pid_t server = ns_start(s, 400);
    pthread_t ticker = u_spawn(ns_tick_fn, NULL);
    u_join(u_spawn(all, NULL));
    ns_stop_ = 1;
    u_join(ticker);
    ns_stop(server);
    return 0;
}
