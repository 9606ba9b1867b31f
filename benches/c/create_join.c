/* create_join N: creates a thread with default attributes and joins it, N
 * times in a row. Prints ns per create + join. */
#include "common.h"

static void *body(void *arg) {
    return arg;
}

static void create_and_join(long times) {
    for (long i = 0; i < times; i++) {
        pthread_t thread;
        void *result;
        check(pthread_create(&thread, NULL, body, &times), "pthread_create");
        check(pthread_join(thread, &result), "pthread_join");
        check(result == &times ? 0 : EINVAL, "thread result");
    }
}

int main(int argc, char **argv) {
    long times = arg_long(argc, argv, 1, 10000);
    create_and_join(100);
    long long start = now_ns();
    create_and_join(times);
    print_ns_per_op(now_ns() - start, times);
    return 0;
}
