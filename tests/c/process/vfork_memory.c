// rule: vfork(2): the child runs in the caller's memory, and the caller waits until it has executed a program or is gone; its descriptors, signal actions and mask are its own
#include "../io/util.h"
static volatile int shared, handled;
static void handler(int s) { (void)s; handled++; }

static int code_of(pid_t c) {
    int status;
    CHECK(c > 0);
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void *all(void *others) {
    int p[2], q[2];
    char b;
    u_pipe(p);
    u_pipe(q);
    signal(SIGUSR1, handler);
    sigset_t usr2, before, now;
    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &usr2, &before), 0);
    for (int i = 0; i < 5; i++) {
        int ticks = u_ticks();
        handled = 0;
        pid_t c = vfork();
        if (c == 0) {
            sigset_t all;
            shared = 1;
            sigprocmask(SIG_SETMASK, NULL, &all);
            if (!sigismember(&all, SIGUSR2)) _exit(101);
            sigfillset(&all);
            sigprocmask(SIG_SETMASK, &all, NULL);
            if (signal(SIGUSR1, SIG_DFL) != handler) _exit(102);
            struct sigaction is;
            if (sigaction(SIGUSR1, NULL, &is) != 0 || is.sa_handler != SIG_DFL) _exit(103);
            dup2(open("/dev/null", O_RDONLY), p[0]);
            close(p[1]);
            close(q[0]);
            u_sleep(20);
            if (i & 1) _exit(5);
            execl("/bin/sh", "sh", "-c", "exit 5", (char *)NULL);
            _exit(104);
        }
        CHECK_EQ(shared, 1);
        shared = 0;
        if (others) u_ticked(ticks);
        CHECK_EQ(code_of(c), 5);
        raise(SIGUSR1);
        CHECK_EQ(handled, 1);
        CHECK_EQ(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
        CHECK(sigismember(&now, SIGUSR2) && !sigismember(&now, SIGUSR1));
        CHECK_EQ(write(p[1], "x", 1), 1);
        CHECK_EQ(read(p[0], &b, 1), 1);
        if (others) {
            pthread_t t = u_write_later(5, q[1], "y");
            ticks = u_ticks();
            CHECK_EQ(read(q[0], &b, 1), 1);
            u_ticked(ticks);
            u_join(t);
        }
    }
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    for (int i = 0; i < 2; i++) close(p[i]), close(q[i]);
    return NULL;
}

int main(void) {
    all(NULL);
    u_tick_start();
    all("");
    u_join(u_spawn(all, ""));
    u_tick_end();
    all(NULL);
    puts("ok");
    return 0;
}
