/* sem_pingpong N: two threads alternate through two semaphores. Prints ns per
 * switch (2 N switches). */
#include "common.h"
#include <semaphore.h>

static sem_t ping, pong;
static long rounds;

static void wait_for(sem_t *sem) {
    while (sem_wait(sem))
        must(errno == EINTR ? 0 : -1, "sem_wait");
}

static void *other(void *unused) {
    for (long i = 0; i < rounds; i++) {
        wait_for(&ping);
        sem_post(&pong);
    }
    return unused;
}

int main(int argc, char **argv) {
    pthread_t thread;
    rounds = arg_long(argc, argv, 1, 10000);
    must(sem_init(&ping, 0, 0), "sem_init");
    must(sem_init(&pong, 0, 0), "sem_init");
    check(pthread_create(&thread, NULL, other, NULL), "pthread_create");
    long long start = now_ns();
    for (long i = 0; i < rounds; i++) {
        sem_post(&ping);
        wait_for(&pong);
    }
    long long elapsed = now_ns() - start;
    check(pthread_join(thread, NULL), "pthread_join");
    print_ns_per_op(elapsed, 2 * rounds);
    return 0;
}
