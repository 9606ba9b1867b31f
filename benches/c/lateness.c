/* lateness WHAT: one thread blocks for a second while another ticks every 10 ms.
 * WHAT is `lock` (flock, held by a child process), `fifo` (opening one whose
 * partner comes late), `raw` (a system call instruction that nobody can hook) or
 * `compute`.
 * Prints how late the ticker was at worst, in ms, and its ticks. */
#include "common.h"
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { SECOND = 1000000000, TICK = 10000000 };
static volatile int done;
static char path[] = "/dev/shm/geventrs-bench-XXXXXX";

static void *tick(void *unused) {
    long long worst = 0, ticks = 0;
    while (!done) {
        long long due = now_ns() + TICK;
        struct timespec left = to_timespec(TICK);
        while (nanosleep(&left, &left) && errno == EINTR) {
        }
        long long late = now_ns() - due;
        worst = late > worst ? late : worst;
        ticks++;
    }
    printf("worst_ms %.3f\nticks %lld\n", worst / 1e6, ticks);
    return unused;
}

static void raw_sleep(void) {
    struct timespec second = {1, 0};
#if defined(__x86_64__)
    register long result __asm__("rax") = SYS_nanosleep;
    __asm__ volatile("syscall" : "+r"(result) : "D"(&second), "S"(NULL) : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long number __asm__("x8") = SYS_nanosleep;
    register long result __asm__("x0") = (long)&second;
    register long rest __asm__("x1") = 0;
    __asm__ volatile("svc 0" : "+r"(result) : "r"(number), "r"(rest) : "memory");
#endif
}

static void *block(void *what) {
    const char *kind = what;
    long long start = now_ns();
    if (!strcmp(kind, "raw"))
        raw_sleep();
    else if (!strcmp(kind, "lock"))
        must(flock(must(open(path, O_RDWR), path), LOCK_EX), "flock");
    else if (!strcmp(kind, "fifo"))
        must(open(path, O_RDONLY), path);
    else
        while (now_ns() - start < SECOND) {
        }
    done = 1;
    return NULL;
}

/* The other side, in a process of its own: lets go after a second. */
static pid_t partner(const char *kind, int ready) {
    pid_t pid = must(fork(), "fork");
    if (pid)
        return pid;
    struct timespec second = {1, 0};
    if (!strcmp(kind, "lock"))
        must(flock(must(open(path, O_RDWR), path), LOCK_EX), "flock");
    must(write(ready, "", 1), "write");
    nanosleep(&second, NULL);
    if (!strcmp(kind, "fifo"))
        must(open(path, O_WRONLY), path);
    _exit(0);
}

int main(int argc, char **argv) {
    const char *kind = arg_text(argc, argv, 1, "compute");
    pthread_t ticker, blocker;
    pid_t child = 0;
    must(close(must(mkstemp(path), path)), "close");
    if (!strcmp(kind, "fifo")) {
        must(unlink(path), path);
        must(mkfifo(path, 0600), path);
    }
    if (!strcmp(kind, "lock") || !strcmp(kind, "fifo")) {
        int ready[2];
        char byte;
        must(pipe(ready), "pipe");
        child = partner(kind, ready[1]);
        must(read(ready[0], &byte, 1), "read");
    }
    check(pthread_create(&ticker, NULL, tick, NULL), "pthread_create");
    check(pthread_create(&blocker, NULL, block, (void *)kind), "pthread_create");
    check(pthread_join(blocker, NULL), "pthread_join");
    check(pthread_join(ticker, NULL), "pthread_join");
    if (child)
        must(waitpid(child, NULL, 0), "waitpid");
    must(unlink(path), path);
    return 0;
}
