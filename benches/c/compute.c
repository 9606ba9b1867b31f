/* compute THREADS UNITS: so many units of arithmetic, shared out among the
 * threads, without a call in them. Prints the seconds that it took. */
#include "common.h"

static long units_each;
static unsigned long sums[64];

static void *work(void *arg) {
    long me = (long)arg;
    unsigned long x = 88172645463325252UL + me;
    for (long i = 0; i < units_each * 1000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    sums[me] = x;
    return NULL;
}

int main(int argc, char **argv) {
    long threads = arg_long(argc, argv, 1, 2), units = arg_long(argc, argv, 2, 1000000);
    pthread_t ids[64];
    check(threads > 64 ? EINVAL : 0, "threads");
    units_each = units / threads;
    long long start = now_ns();
    for (long i = 0; i < threads; i++)
        check(pthread_create(&ids[i], NULL, work, (void *)i), "pthread_create");
    for (long i = 0; i < threads; i++)
        check(pthread_join(ids[i], NULL), "pthread_join");
    printf("seconds %.6f\n", (now_ns() - start) / 1e9);
    return sums[0] == 1;
}
