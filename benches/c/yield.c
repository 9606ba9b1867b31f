/* yield N: two runnable threads call sched_yield until the main thread has
 * done so N times. Prints ns per call, counting the calls of both threads. */
#include "common.h"
#include <sched.h>
#include <stdatomic.h>

static atomic_long others;
static atomic_bool stop;

static void *other(void *unused) {
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        sched_yield();
        long calls = atomic_load_explicit(&others, memory_order_relaxed) + 1;
        atomic_store_explicit(&others, calls, memory_order_relaxed);
    }
    return unused;
}

int main(int argc, char **argv) {
    long times = arg_long(argc, argv, 1, 10000);
    pthread_t thread;
    check(pthread_create(&thread, NULL, other, NULL), "pthread_create");
    while (!atomic_load(&others))
        sched_yield();
    long before = atomic_load(&others);
    long long start = now_ns();
    for (long i = 0; i < times; i++)
        sched_yield();
    long long elapsed = now_ns() - start;
    long calls = times + atomic_load(&others) - before;
    atomic_store(&stop, 1);
    check(pthread_join(thread, NULL), "pthread_join");
    print_ns_per_op(elapsed, calls);
    return 0;
}
