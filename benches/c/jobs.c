/* jobs THREADS UNITS SPAN: the arithmetic of `compute`, cut into jobs of SPAN units (1.4 us
 * each, about) that threads take from a queue, as compressors and renderers do: a lock and
 * a condition variable before and after each. Prints the seconds that it took. */
#include "common.h"

enum { ROOM = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_there = PTHREAD_COND_INITIALIZER, result_there = PTHREAD_COND_INITIALIZER;
static long queue[ROOM], first, last, results, sum, span;

static void *work(void *unused) {
    for (;;) {
        pthread_mutex_lock(&lock);
        while (first == last)
            pthread_cond_wait(&work_there, &lock);
        long job = queue[first % ROOM];
        if (job < 0) {
            pthread_mutex_unlock(&lock);
            return unused;
        }
        first++;
        pthread_mutex_unlock(&lock);
        unsigned long x = 88172645463325252UL + job;
        for (long i = 0; i < span * 1000; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        pthread_mutex_lock(&lock);
        sum += (long)(x & 255);
        results++;
        pthread_cond_signal(&result_there);
        pthread_mutex_unlock(&lock);
    }
}

int main(int argc, char **argv) {
    long threads = arg_long(argc, argv, 1, 8), units = arg_long(argc, argv, 2, 1000000);
    pthread_t ids[64];
    span = arg_long(argc, argv, 3, 1400);
    check(threads > 64 ? EINVAL : 0, "threads");
    long jobs = units / span;
    long long start = now_ns();
    for (long i = 0; i < threads; i++)
        check(pthread_create(&ids[i], NULL, work, NULL), "pthread_create");
    pthread_mutex_lock(&lock);
    for (long job = 0; job <= jobs; job++) {
        while (last - results >= 2 * threads)
            pthread_cond_wait(&result_there, &lock);
        queue[last++ % ROOM] = job == jobs ? -1 : job;
        pthread_cond_signal(&work_there);
    }
    while (results < jobs)
        pthread_cond_wait(&result_there, &lock);
    pthread_cond_broadcast(&work_there);
    pthread_mutex_unlock(&lock);
    for (long i = 0; i < threads; i++)
        check(pthread_join(ids[i], NULL), "pthread_join");
    printf("seconds %.6f\nsum %ld\n", (now_ns() - start) / 1e9, sum);
    return 0;
}
