// rule: connections, forks, signals and cancels in a random order, for as long as asked for: everything is answered, and descriptors, memory and threads are as many at the end as at the beginning
// timeout: 120
// args: 1 4000
#include "../io/util.h"
#include <dirent.h>
#include <sched.h>
#include <semaphore.h>
#include <spawn.h>
extern char **environ;

/* soak SEED ROUNDS: what is done follows from the seed alone. For an hour see docs/development.md. */
enum { WORKERS = 12, BATCH = 100 };
static int port, listener;
static volatile sig_atomic_t signals;
static long served, forked, cancelled, sent;
static pthread_mutex_t counts = PTHREAD_MUTEX_INITIALIZER;

static void count(long *what) {
    pthread_mutex_lock(&counts);
    ++*what;
    pthread_mutex_unlock(&counts);
}

static unsigned next_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* ---- a server with a thread a connection ---- */
static void *serves(void *arg) {
    int fd = (int)(intptr_t)arg;
    char b[512];
    ssize_t n;
    for (;;) {
        n = read(fd, b, sizeof b);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        for (ssize_t i = 0; i < n; i++) b[i] ^= 0x55;
        u_write_all(fd, b, n);
    }
    close(fd);
    return NULL;
}

static void *accepts(void *arg) {
    (void)arg;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && errno == EINTR) continue;
        if (fd < 0) break; /* shut down */
        pthread_t t;
        CHECK_OK(pthread_create(&t, &detached, serves, (void *)(intptr_t)fd));
    }
    pthread_attr_destroy(&detached);
    return NULL;
}

static void connection(unsigned *random) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    struct sockaddr_in a = u_addr(port);
    while (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        if (errno == EISCONN) break;
        CHECK(errno == EINTR || errno == EALREADY);
    }
    for (unsigned k = next_random(random) % 4; k > 0; k--) {
        unsigned char out[300], in[300];
        size_t n = 1 + next_random(random) % sizeof out, done = 0;
        u_fill(out, n, k);
        u_write_all(fd, out, n);
        while (done < n) {
            ssize_t r = read(fd, in + done, n - done);
            if (r < 0 && errno == EINTR) continue;
            CHECK(r > 0);
            done += r;
        }
        for (size_t i = 0; i < n; i++) CHECK_EQ(in[i], out[i] ^ 0x55);
    }
    close(fd);
    count(&served);
}

static void wait_for(pid_t pid, int code) {
    int status;
    CHECK(pid > 0);
    while (waitpid(pid, &status, 0) != pid) CHECK_EQ(errno, EINTR);
    CHECK(WIFEXITED(status));
    CHECK_EQ(WEXITSTATUS(status), code);
    count(&forked);
}

static void *adds(void *arg) {
    sched_yield();
    return (char *)arg + 1;
}

static void children(unsigned *random) {
    unsigned kind = next_random(random) % 16;
    pid_t pid;
    if (kind == 0) {
        char *argv[] = {"sh", "-c", "exit 3", NULL};
        CHECK_EQ(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ), 0);
        wait_for(pid, 3);
    } else if (kind < 5) {
        pid = vfork();
        if (pid == 0) _exit(4);
        wait_for(pid, 4);
    } else if (kind < 12) {
        pid = fork();
        if (pid == 0) _exit(5);
        wait_for(pid, 5);
    } else { /* a child with threads of its own */
        pid = fork();
        if (pid == 0) {
            pthread_t t = u_spawn(adds, (void *)5);
            _exit((int)(intptr_t)u_join(t));
        }
        wait_for(pid, 6);
    }
}

/* ---- threads that are cancelled where they wait ---- */
struct victim {
    int how, pipe[2];
    sem_t begun;
    pthread_mutex_t lock;
    pthread_cond_t cond;
};

static void unlock(void *lock) { pthread_mutex_unlock(lock); }

static void *waits(void *arg) {
    struct victim *v = arg;
    char c;
    sem_post(&v->begun);
    switch (v->how) {
    case 0:
        (void)!read(v->pipe[0], &c, 1);
        break;
    case 1:
        pthread_mutex_lock(&v->lock);
        pthread_cleanup_push(unlock, &v->lock);
        for (;;) pthread_cond_wait(&v->cond, &v->lock);
        pthread_cleanup_pop(1);
        break;
    case 2:
        for (;;) usleep(1000000);
        break;
    default:
        for (;;) poll(NULL, 0, 100000);
    }
    for (;;) pause();
    return NULL;
}

static void cancel(unsigned *random) {
    struct victim v;
    v.how = next_random(random) % 4;
    CHECK_EQ(pipe2(v.pipe, O_CLOEXEC), 0);
    CHECK_EQ(sem_init(&v.begun, 0, 0), 0);
    CHECK_OK(pthread_mutex_init(&v.lock, NULL));
    CHECK_OK(pthread_cond_init(&v.cond, NULL));
    pthread_t t = u_spawn(waits, &v);
    while (sem_wait(&v.begun) != 0) CHECK_EQ(errno, EINTR);
    if (next_random(random) % 2) sched_yield();
    CHECK_OK(pthread_cancel(t));
    CHECK(u_join(t) == PTHREAD_CANCELED);
    CHECK_OK(pthread_mutex_destroy(&v.lock));
    CHECK_OK(pthread_cond_destroy(&v.cond));
    sem_destroy(&v.begun);
    close(v.pipe[0]);
    close(v.pipe[1]);
    count(&cancelled);
}

static void caught(int s) {
    (void)s;
    signals++;
}

struct worker {
    pthread_t thread;
    unsigned random;
    long rounds;
};
static struct worker workers[WORKERS];

static void *work(void *arg) {
    struct worker *w = arg;
    for (long i = 0; i < w->rounds; i++) {
        switch (next_random(&w->random) % 8) {
        case 0:
            children(&w->random);
            break;
        case 1:
            cancel(&w->random);
            break;
        case 2:
            kill(getpid(), SIGUSR1);
            count(&sent);
            break;
        case 3:
            CHECK_OK(pthread_kill(pthread_self(), SIGUSR2));
            count(&sent);
            break;
        case 4: {
            struct timespec ts = {0, next_random(&w->random) % 500000};
            nanosleep(&ts, NULL); /* a signal may end it */
            break;
        }
        default:
            connection(&w->random);
        }
    }
    return NULL;
}

/* ---- what there is ---- */
struct state {
    long descriptors, tasks, pages, maps;
};

static long entries(const char *path) {
    DIR *d = opendir(path);
    CHECK(d != NULL);
    long n = 0;
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static struct state look(void) {
    struct state s;
    s.descriptors = entries("/proc/self/fd");
    s.tasks = entries("/proc/self/task");
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f != NULL);
    CHECK_EQ(fscanf(f, "%*d %ld", &s.pages), 1);
    fclose(f);
    f = fopen("/proc/self/maps", "r");
    CHECK(f != NULL);
    s.maps = 0;
    for (int c; (c = getc(f)) != EOF;) s.maps += c == '\n';
    fclose(f);
    return s;
}

/* Connections that their client has closed have a thread until that has seen it. */
static struct state settled(long descriptors) {
    struct state s = look();
    for (int i = 0; i < 2000 && s.descriptors > descriptors; i++) {
        u_sleep(5);
        s = look();
    }
    return s;
}

/* `rounds` rounds of all workers together. */
static void run(unsigned seed, long rounds) {
    for (int i = 0; i < WORKERS; i++) {
        workers[i].random = seed * 97u + (unsigned)i;
        workers[i].rounds = rounds / WORKERS + (i < rounds % WORKERS);
        workers[i].thread = u_spawn(work, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++) u_join(workers[i].thread);
}

int main(int argc, char **argv) {
    unsigned seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    long rounds = argc > 2 ? atol(argv[2]) : 400;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = caught;
    sigaction(SIGUSR1, &action, NULL);
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR2, &action, NULL);
    long idle = entries("/proc/self/fd");
    listener = u_listen(128, &port);
    pthread_t server = u_spawn(accepts, NULL);
    /* what is made once and kept: caches, stacks, the hub's own three descriptors */
    run(seed + 1000, rounds / 4 < 4000 ? rounds / 4 : 4000);
    struct state begin = settled(idle + 1 + (preloaded() ? 3 : 0));
    long done = 0;
    for (unsigned batch = 0; done < rounds; batch++) {
        long now = rounds - done < BATCH * WORKERS ? rounds - done : BATCH * WORKERS;
        run(seed + batch, now);
        done += now;
        if (batch % 100 == 99) {
            struct state s = look();
            fprintf(stderr, "%ld rounds: %ld descriptors, %ld tasks, %ld pages, %ld mappings\n", done,
                    s.descriptors, s.tasks, s.pages, s.maps);
        }
    }
    struct state end = settled(begin.descriptors);
    CHECK_EQ(end.descriptors, begin.descriptors);
    /* carriers come and go; natively it is threads whose connection has just ended */
    CHECK(end.tasks <= begin.tasks + 20);
    /* malloc's arenas and caches grow a little for long */
    CHECK(end.pages <= begin.pages + begin.pages / 4 + 500);
    CHECK(end.maps <= begin.maps + 60);
    U_FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
    CHECK(sent == 0 || signals > 0);
    printf("%ld connections, %ld children, %ld cancelled, %ld signals\n", served, forked, cancelled, sent);
    shutdown(listener, SHUT_RDWR);
    u_join(server);
    return 0;
}
