// rule: _Fork(3): as fork, but no handlers of pthread_atfork run; the child has the caller alone, and makes threads of its own
// glibc: 2.34
#include "../io/util.h"
static int handlers;
static void handler(void) { handlers++; }

static void *waits(void *arg) {
    char c;
    CHECK_EQ(read(*(int *)arg, &c, 1), 0);
    return NULL;
}

static void *locks(void *arg) {
    pthread_mutex_lock(arg);
    pthread_mutex_unlock(arg);
    return NULL;
}

static void *forks(void *arg) {
    (void)arg;
    for (int i = 0; i < 5; i++) {
        pid_t c = _Fork();
        CHECK(c >= 0);
        if (c == 0) {
            static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
            int p[2];
            char b;
            u_pipe(p);
            pthread_mutex_lock(&m);
            pthread_t t = u_spawn(locks, &m), w = u_write_later(3, p[1], "k");
            u_sleep(2);
            pthread_mutex_unlock(&m);
            u_join(t);
            CHECK_EQ(read(p[0], &b, 1), 1);
            u_join(w);
            _exit(b == 'k' ? handlers : 100);
        }
        int status;
        CHECK_EQ(waitpid(c, &status, 0), c);
        CHECK_EQ(status, 0);
    }
    CHECK_EQ(handlers, 0);
    return NULL;
}

int main(void) {
    CHECK_EQ(pthread_atfork(handler, handler, handler), 0);
    forks(NULL);
    int p[2];
    u_pipe(p);
    pthread_t w[5];
    for (int i = 0; i < 5; i++) w[i] = u_spawn(waits, &p[0]);
    u_sleep(5);
    forks(NULL);
    pthread_t f[3];
    for (int i = 0; i < 3; i++) f[i] = u_spawn(forks, NULL);
    for (int i = 0; i < 3; i++) u_join(f[i]);
    close(p[1]);
    for (int i = 0; i < 5; i++) u_join(w[i]);
    puts("ok");
    return 0;
}
