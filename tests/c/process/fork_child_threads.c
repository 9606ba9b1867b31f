// rule: the child of a threaded process may make its own threads, sleep, wait on pipes and conditions, and join them
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cv = PTHREAD_COND_INITIALIZER;
static int q[2], done;
static void *idle(void *arg) {
    char c;
    CHECK_EQ(read(*(int *)arg, &c, 1), 0);
    return NULL;
}
static void *worker(void *arg) {
    int v;
    CHECK_EQ(read(q[0], &v, sizeof v), sizeof v);
    u_sleep(3);
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    done += v;
    CHECK_EQ(pthread_cond_signal(&cv), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    return arg;
}
static int child(void) {
    pthread_t t[5];
    u_pipe(q);
    for (int i = 0; i < 5; i++) t[i] = u_spawn(worker, (void *)(intptr_t)i);
    u_tick_start();
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(write(q[1], &i, sizeof i), sizeof i);
        u_sleep(2);
    }
    CHECK_EQ(pthread_mutex_lock(&m), 0);
    while (done < 10) CHECK_EQ(pthread_cond_wait(&cv, &m), 0);
    CHECK_EQ(pthread_mutex_unlock(&m), 0);
    for (int i = 0; i < 5; i++) CHECK_EQ((intptr_t)u_join(t[i]), i);
    u_tick_end();
    return 40 + done;
}

int main(void) {
    int p[2];
    u_pipe(p);
    pthread_t t = u_spawn(idle, &p[0]);
    u_sleep(5);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) _exit(child());
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    printf("%d\n", WIFEXITED(st) ? WEXITSTATUS(st) : -1);
    CHECK_EQ(done, 0);
    close(p[1]);
    u_join(t);
    return 0;
}
