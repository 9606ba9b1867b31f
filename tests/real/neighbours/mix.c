/* What a neighbour may disturb: threads, locks, timed waits, pipes, malloc, children. Its output is
 * the same each time, and ends with "done". With an argument it is done again and again, until a
 * file of that name exists. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
enum { N = 8, R = 50 };
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER, never = PTHREAD_COND_INITIALIZER;
static int turn, sum, late;
static __thread int mine;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static struct timespec soon(clockid_t clock, long ms) {
    struct timespec ts;
    clock_gettime(clock, &ts);
    ts.tv_nsec += ms * 1000000;
    ts.tv_sec += ts.tv_nsec / 1000000000;
    ts.tv_nsec %= 1000000000;
    return ts;
}

/* Each wait ends by its time-out. */
static void timed(void) {
    struct timespec at = soon(CLOCK_REALTIME, 5), begin = soon(CLOCK_MONOTONIC, 0), end;
    sem_t s;
    sem_init(&s, 0, 0);
    if (sem_timedwait(&s, &at) == 0) die("sem_timedwait");
    at = soon(CLOCK_REALTIME, 5);
    pthread_mutex_lock(&m);
    while (pthread_cond_timedwait(&never, &m, &at) == 0) {}
    pthread_mutex_unlock(&m);
    at = soon(CLOCK_MONOTONIC, 5);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    struct timeval tv = {0, 5000};
    select(0, NULL, NULL, NULL, &tv);
    end = soon(CLOCK_MONOTONIC, 0);
    /* 20 ms; an hour on a machine that is very busy */
    if (end.tv_sec - begin.tv_sec > 20) late++;
}

static void *work(void *arg) {
    int id = (int)(long)arg, sv[2];
    for (int i = 0; i < R; i++) {
        size_t size = 1000 + 37 * i * id;
        char *b = malloc(size);
        memset(b, id, size);
        pthread_mutex_lock(&m);
        while (turn % N != id) pthread_cond_wait(&c, &m);
        turn++;
        sum += b[999] + ++mine;
        pthread_cond_broadcast(&c);
        pthread_mutex_unlock(&m);
        free(b);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) != 0) die("socketpair");
    for (int i = 0; i < 20; i++) {
        char x = 0;
        if (write(sv[0], "x", 1) != 1 || read(sv[1], &x, 1) != 1 || x != 'x') die("socket");
        usleep(100);
    }
    close(sv[0]);
    close(sv[1]);
    timed();
    return NULL;
}

static void once(void) {
    pthread_t t[N];
    int p[2], st;
    char b[100];
    for (long i = 0; i < N; i++)
        if (pthread_create(&t[i], NULL, work, (void *)i) != 0) die("pthread_create");
    if (pipe(p) != 0) die("pipe");
    pid_t k = fork();
    if (k == 0) {
        close(p[0]);
        if (write(p[1], "child\n", 6) != 6) _exit(1);
        _exit(3);
    }
    close(p[1]);
    ssize_t n = read(p[0], b, sizeof b);
    close(p[0]);
    fwrite(b, 1, n, stdout);
    waitpid(k, &st, 0);
    for (int i = 0; i < N; i++) pthread_join(t[i], NULL);
    FILE *f = popen("echo from a shell", "r");
    while (fgets(b, sizeof b, f)) fputs(b, stdout);
    int closed = pclose(f);
    printf("exit %d pclose %d sum %d late %d\ndone\n", WEXITSTATUS(st), closed, sum, late);
}

int main(int argc, char **argv) {
    do {
        turn = sum = late = 0;
        once();
        fflush(stdout);
    } while (argc > 1 && access(argv[1], F_OK) != 0);
    return 0;
}
