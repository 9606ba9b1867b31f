/* handoff N: two threads alternate strictly through a mutex, a condition
 * variable and `turn`. Prints ns per switch (2 N switches). */
#include "common.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int turn;
static long rounds;

static void play(int me) {
    for (long i = 0; i < rounds; i++) {
        pthread_mutex_lock(&lock);
        while (turn != me)
            pthread_cond_wait(&cond, &lock);
        turn = !me;
        pthread_cond_signal(&cond);
        pthread_mutex_unlock(&lock);
    }
}

static void *other(void *unused) {
    play(1);
    return unused;
}

int main(int argc, char **argv) {
    pthread_t thread;
    rounds = arg_long(argc, argv, 1, 10000);
    check(pthread_create(&thread, NULL, other, NULL), "pthread_create");
    long long start = now_ns();
    play(0);
    check(pthread_join(thread, NULL), "pthread_join");
    print_ns_per_op(now_ns() - start, 2 * rounds);
    return 0;
}
