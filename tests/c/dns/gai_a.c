// rule: getaddrinfo_a(3): requests are worked off beside the threads, GAI_WAIT and gai_suspend wait for them, SIGEV_THREAD tells
// env: GEVENTRS_SLICE=5000
#include "nameserver.h"
#include <semaphore.h>

static sem_t told;
static void notify(union sigval v) {
    CHECK_EQ(v.sival_int, 42);
    CHECK_EQ(sem_post(&told), 0);
}

static void *all(void *arg) {
    (void)arg;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_flags = AI_NUMERICHOST};
    struct gaicb r[3] = {{.ar_name = "10.0.0.1", .ar_request = &hints},
                         {.ar_name = "10.0.0.2", .ar_request = &hints},
                         {.ar_name = "no number", .ar_request = &hints}};
    struct gaicb *list[3] = {&r[0], &r[1], &r[2]};
    CHECK_EQ(getaddrinfo_a(GAI_WAIT, list, 3, NULL), 0);
    for (int i = 0; i < 3; i++) printf("%s\n", gai_error(&r[i]) ? gai_strerror(gai_error(&r[i])) : "found");
    struct sigevent e = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_int = 42};
    e.sigev_notify_function = notify;
    CHECK_EQ(getaddrinfo_a(GAI_NOWAIT, list, 2, &e), 0);
    while (sem_wait(&told) != 0) CHECK_EQ(errno, EINTR);
    CHECK_EQ(gai_error(&r[0]), 0);
    CHECK_EQ(gai_error(&r[1]), 0);
    CHECK_EQ(getaddrinfo_a(GAI_NOWAIT, list, 2, NULL), 0);
    const struct gaicb *waited[1] = {&r[1]};
    while (gai_error(&r[1]) == EAI_INPROGRESS) {
        int w = gai_suspend(waited, 1, NULL);
        CHECK(w == 0 || w == EAI_ALLDONE || w == EAI_INTR);
    }
    CHECK_EQ(gai_error(&r[1]), 0);
    while (gai_error(&r[0]) == EAI_INPROGRESS) u_sleep(1);
    CHECK_EQ(gai_suspend(waited, 1, NULL), EAI_ALLDONE);
    return NULL;
}

int main(void) {
    CHECK_EQ(sem_init(&told, 0, 0), 0);
    u_tick_start();
    u_join(u_spawn(all, NULL));
    u_tick_end();
    return 0;
}
