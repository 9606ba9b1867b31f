/* section N: fsync of a file in memory N times, beside a second, sleeping
 * thread: under the preload each is a blocking section. Prints ns per call. */
#include "common.h"

static void *sleeper(void *unused) {
    sleep(3600);
    return unused;
}

int main(int argc, char **argv) {
    long times = arg_long(argc, argv, 1, 10000);
    char path[] = "/dev/shm/geventrs-bench-XXXXXX";
    int fd = must(mkstemp(path), path);
    must(unlink(path), "unlink");
    pthread_t thread;
    check(pthread_create(&thread, NULL, sleeper, NULL), "pthread_create");
    usleep(20000);
    long long start = now_ns();
    for (long i = 0; i < times; i++)
        must(fsync(fd), "fsync");
    print_ns_per_op(now_ns() - start, times);
    return 0; /* ends the sleeper as well */
}
