// rule: system(3): SIGINT and SIGQUIT are ignored and SIGCHLD is blocked meanwhile; the command has what the thread had before
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

static volatile int interrupts, children;
static void on_int(int s) { (void)s, interrupts++; }
static void on_child(int s) { (void)s, children++; }

/* The command's own mask and dispositions, as the kernel has them; without the
   two digits in which libc's own signals (32, 33) are: newer glibc ignores one
   of them in the child if there was a thread. */
static void child_has(const char *what) {
    char cmd[256];
    snprintf(cmd, sizeof cmd, "sed -n 's/^SigBlk:\t/%s blocks /p; s/^SigIgn:\t\\(.......\\)..\\(.......\\)$/%s ignores \\1 \\2/p' /proc/self/status", what, what);
    fflush(stdout);
    CHECK_EQ(system(cmd), 0);
}

static void *blocking(void *arg) {
    (void)arg;
    sigset_t set, now;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    CHECK_OK(pthread_sigmask(SIG_BLOCK, &set, NULL));
    child_has("masked");
    CHECK_OK(pthread_sigmask(SIG_BLOCK, NULL, &now));
    CHECK(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGCHLD));
    return NULL;
}

static void *interrupts_main(void *arg) {
    (void)arg;
    u_sleep(50);
    CHECK_EQ(kill(getpid(), SIGINT), 0); /* ignored: main is in system() */
    CHECK_EQ(kill(getpid(), SIGQUIT), 0);
    return NULL;
}

int main(void) {
    struct sigaction a = {.sa_handler = on_int}, b;
    sigset_t set;
    CHECK_EQ(sigaction(SIGINT, &a, NULL), 0);
    a.sa_handler = on_child;
    CHECK_EQ(sigaction(SIGCHLD, &a, NULL), 0);
    u_tick_start();
    child_has("plain");
    u_join(u_spawn(blocking, NULL));
    signal(SIGQUIT, SIG_IGN); /* stays ignored in the command */
    child_has("ignoring");
    signal(SIGQUIT, SIG_DFL);

    pthread_t t = u_spawn(interrupts_main, NULL);
    int before = u_ticks();
    CHECK_EQ(system("sleep 0.2; exit 3"), 3 << 8);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    u_join(t);
    CHECK_EQ(interrupts, 0);
    CHECK_EQ(sigaction(SIGINT, NULL, &b), 0);
    CHECK(b.sa_handler == on_int);
    CHECK_EQ(sigaction(SIGQUIT, NULL, &b), 0);
    CHECK(b.sa_handler == SIG_DFL);
    CHECK_OK(pthread_sigmask(SIG_BLOCK, NULL, &set));
    CHECK(!sigismember(&set, SIGCHLD));
    raise(SIGINT);
    CHECK_EQ(interrupts, 1);

    /* the command takes the signal with its default action, not ignored */
    CHECK_EQ(system("kill -INT $$; exit 5") & 0x7f, SIGINT);
    printf("%d\n", system("/no/such/command 2>/dev/null") >> 8);
    u_tick_end();
    return 0;
}
