/* million COUNT cond|sleep SECONDS GUARD_MB: creates COUNT threads with stacks
 * of 64 KiB which all block: on one condition variable, or asleep until a
 * common deadline SECONDS after the start. When all are alive it measures the
 * memory the machine has lost, then wakes and joins them. It stops creating if
 * MemAvailable falls below GUARD_MB. If a creation fails, it measures and exits
 * at once without joining. Prints: created, errno, bytes per thread (machine,
 * and RSS + page tables of this process), seconds, whether all slept in time. */
#include "common.h"
#include <sched.h>
#include <stdatomic.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static int go;
static atomic_long alive, late;
static long long deadline;

static void *wait_on_cond(void *unused) {
    pthread_mutex_lock(&lock);
    atomic_fetch_add(&alive, 1);
    while (!go)
        pthread_cond_wait(&wake, &lock);
    pthread_mutex_unlock(&lock);
    return unused;
}

static void *sleep_to_deadline(void *unused) {
    struct timespec until = to_timespec(deadline);
    atomic_fetch_add(&alive, 1);
    if (now_ns() > deadline)
        atomic_fetch_add(&late, 1);
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
    return unused;
}

/* The value of `field` (kB) in a /proc file, in bytes; 0 if it is not there. */
static long long proc_bytes(const char *path, const char *field) {
    static char text[8192];
    int fd = must(open(path, O_RDONLY), path);
    ssize_t got = must(read(fd, text, sizeof text - 1), path);
    close(fd);
    text[got] = 0;
    char *found = strstr(text, field);
    return found ? atoll(found + strlen(field)) * 1024 : 0;
}

static long long machine_available(void) {
    return proc_bytes("/proc/meminfo", "MemAvailable:");
}

static long long own_memory(void) {
    return proc_bytes("/proc/self/status", "VmRSS:") + proc_bytes("/proc/self/status", "VmPTE:");
}

/* If memory runs out after all, this process goes first. */
static void volunteer_for_oom(void) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd < 0)
        return;
    if (write(fd, "1000", 4) != 4)
        fprintf(stderr, "oom_score_adj: %s\n", strerror(errno));
    close(fd);
}

int main(int argc, char **argv) {
    long count = arg_long(argc, argv, 1, 1000000);
    int sleeping = !strcmp(arg_text(argc, argv, 2, "cond"), "sleep");
    long long guard = arg_long(argc, argv, 4, 1500) << 20;
    pthread_attr_t attr;
    volunteer_for_oom();
    check(pthread_attr_init(&attr), "pthread_attr_init");
    check(pthread_attr_setstacksize(&attr, 64 << 10), "pthread_attr_setstacksize");
    pthread_t *threads = malloc(count * sizeof *threads);
    check(threads ? 0 : ENOMEM, "malloc");
    memset(threads, 1, count * sizeof *threads);

    long long machine = machine_available(), own = own_memory(), start = now_ns();
    deadline = start + arg_long(argc, argv, 3, 20) * 1000000000LL;
    long created = 0;
    int failed = 0, guarded = 0;
    while (created < count && !failed && !guarded) {
        void *(*body)(void *) = sleeping ? sleep_to_deadline : wait_on_cond;
        failed = pthread_create(&threads[created], &attr, body, NULL);
        created += !failed;
        guarded = created % 1024 == 0 && machine_available() < guard;
    }
    while (atomic_load(&alive) < created && now_ns() < start + 120000000000LL)
        usleep(1000);
    long long all_alive = now_ns();
    double bytes = (double)(machine - machine_available()) / (created ? created : 1);
    double own_bytes = (double)(own_memory() - own) / (created ? created : 1);
    int complete = created == count && atomic_load(&alive) == created;

    if (complete) {
        pthread_mutex_lock(&lock);
        go = 1;
        pthread_cond_broadcast(&wake);
        pthread_mutex_unlock(&lock);
        for (long i = 0; i < created; i++)
            check(pthread_join(threads[i], NULL), "pthread_join");
    }
    printf("created %ld errno %d guard %d alive %ld complete %d late %ld bytes_per_thread %.1f "
           "own_bytes_per_thread %.1f create_s %.3f seconds %.3f\n",
           created, failed, guarded, atomic_load(&alive), complete,
           atomic_load(&late) + (sleeping && all_alive > deadline), bytes, own_bytes,
           (all_alive - start) / 1e9, (now_ns() - start) / 1e9);
    fflush(stdout);
    _exit(0); /* without joining, if the creation failed */
}
