/* section N fsync|wait: N calls, beside a second, sleeping thread, that are blocking
 * sections under the preload: fsync of a file in memory, which is short, or
 * semtimedop(2) on a semaphore that nobody raises, which waits for 300 us. Prints ns
 * per call. */
#include "common.h"
#include <sys/sem.h>

static void *sleeper(void *unused) {
    sleep(3600);
    return unused;
}

static void sync_often(long times) {
    char path[] = "/dev/shm/geventrs-bench-XXXXXX";
    int fd = must(mkstemp(path), path);
    must(unlink(path), "unlink");
    long long start = now_ns();
    for (long i = 0; i < times; i++)
        must(fsync(fd), "fsync");
    print_ns_per_op(now_ns() - start, times);
}

static void wait_often(long times) {
    int id = must(semget(IPC_PRIVATE, 1, 0600), "semget");
    struct sembuf down = {.sem_op = -1};
    struct timespec limit = {.tv_nsec = 300000};
    long long start = now_ns();
    for (long i = 0; i < times; i++) {
        if (semtimedop(id, &down, 1, &limit) == 0 || errno != EAGAIN)
            break;
    }
    print_ns_per_op(now_ns() - start, times);
    must(semctl(id, 0, IPC_RMID), "semctl");
}

int main(int argc, char **argv) {
    long times = arg_long(argc, argv, 1, 10000);
    pthread_t thread;
    check(pthread_create(&thread, NULL, sleeper, NULL), "pthread_create");
    usleep(20000);
    if (strcmp(arg_text(argc, argv, 2, "fsync"), "wait") == 0)
        wait_often(times);
    else
        sync_often(times);
    return 0; /* ends the sleeper as well */
}
