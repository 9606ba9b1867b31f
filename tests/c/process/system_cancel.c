// rule: pthreads(7): system(3) is a cancellation point: the command is killed and reaped, signals are as before
#include "../io/util.h"

static volatile int cleaned;
static void cleanup(void *arg) { (void)arg, cleaned = 1; }
static void *run(void *arg) {
    pthread_cleanup_push(cleanup, NULL);
    system(arg);
    pthread_cleanup_pop(0);
    return NULL;
}

int main(void) {
    int p[2];
    char cmd[64], b;
    u_pipe(p);
    snprintf(cmd, sizeof cmd, "exec 3>&%d; exec sleep 30", p[1]);
    pthread_t t = u_spawn(run, cmd);
    u_sleep(200);
    int64_t t0 = now_ms();
    CHECK_OK(pthread_cancel(t));
    CHECK(u_join(t) == PTHREAD_CANCELED);
    CHECK_EQ(cleaned, 1);
    CHECK(now_ms() - t0 < 10000);
    close(p[1]);
    CHECK_EQ(read(p[0], &b, 1), 0); /* nobody has the other end any more */
    CHECK_ERRNO(waitpid(-1, NULL, WNOHANG), ECHILD);
    struct sigaction a;
    CHECK_EQ(sigaction(SIGINT, NULL, &a), 0);
    CHECK(a.sa_handler == SIG_DFL);
    CHECK_EQ(sigaction(SIGQUIT, NULL, &a), 0);
    CHECK(a.sa_handler == SIG_DFL);
    CHECK_EQ(system("exit 2"), 2 << 8);
    puts("cancelled");
    return 0;
}
