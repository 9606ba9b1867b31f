/* wakeups COUNT SECONDS: COUNT threads each sleep up to an own deadline, a
 * random moment in the second which begins SECONDS after the start, by when all
 * must be asleep. Prints how late they woke: p50, p99, max in ms; `unready` is
 * the number of threads which were not yet asleep when that second began. */
#include "common.h"

struct sleeper {
    pthread_t thread;
    long long deadline, started, lateness;
};

static void *body(void *arg) {
    struct sleeper *me = arg;
    me->started = now_ns();
    long long rest = me->deadline - me->started;
    struct timespec left = to_timespec(rest > 0 ? rest : 0);
    while (nanosleep(&left, &left) && errno == EINTR) {
    }
    me->lateness = now_ns() - me->deadline;
    return NULL;
}

static int by_lateness(const void *a, const void *b) {
    long long x = ((const struct sleeper *)a)->lateness, y = ((const struct sleeper *)b)->lateness;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    long count = arg_long(argc, argv, 1, 100000), created = 0, unready = 0;
    struct sleeper *sleepers = calloc(count, sizeof *sleepers);
    pthread_attr_t attr;
    check(sleepers ? 0 : ENOMEM, "calloc");
    check(pthread_attr_init(&attr), "pthread_attr_init");
    check(pthread_attr_setstacksize(&attr, 64 << 10), "pthread_attr_setstacksize");
    srandom(1);
    long long window = now_ns() + arg_long(argc, argv, 2, 3) * 1000000000LL;
    int failed = 0;
    for (; created < count; created++) {
        struct sleeper *sleeper = &sleepers[created];
        sleeper->deadline = window + random() % 1000000000LL;
        failed = pthread_create(&sleeper->thread, &attr, body, sleeper);
        if (failed)
            break;
    }
    for (long i = 0; i < created; i++)
        check(pthread_join(sleepers[i].thread, NULL), "pthread_join");
    for (long i = 0; i < created; i++)
        unready += sleepers[i].started > window;
    qsort(sleepers, created, sizeof *sleepers, by_lateness);
    check(created ? 0 : failed, "pthread_create");
    printf("created %ld errno %d unready %ld p50_ms %.4f p99_ms %.4f max_ms %.4f min_ms %.4f\n",
           created, failed, unready, sleepers[created / 2].lateness / 1e6,
           sleepers[created * 99 / 100].lateness / 1e6, sleepers[created - 1].lateness / 1e6,
           sleepers[0].lateness / 1e6);
    return 0;
}
