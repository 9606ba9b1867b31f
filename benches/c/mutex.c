/* mutex N 1|2: locks and unlocks an uncontended mutex N times, in a program of
 * one thread or beside a second, sleeping thread. Prints ns per pair. */
#include "common.h"
#include <semaphore.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t started;

static void *sleeper(void *unused) {
    sem_post(&started);
    sleep(3600);
    return unused;
}

int main(int argc, char **argv) {
    long times = arg_long(argc, argv, 1, 1000000);
    if (arg_long(argc, argv, 2, 1) == 2) {
        pthread_t thread;
        must(sem_init(&started, 0, 0), "sem_init");
        check(pthread_create(&thread, NULL, sleeper, NULL), "pthread_create");
        while (sem_wait(&started))
            must(errno == EINTR ? 0 : -1, "sem_wait");
    }
    long long start = now_ns();
    for (long i = 0; i < times; i++) {
        pthread_mutex_lock(&lock);
        pthread_mutex_unlock(&lock);
    }
    print_ns_per_op(now_ns() - start, times);
    return 0; /* ends the sleeper as well */
}
