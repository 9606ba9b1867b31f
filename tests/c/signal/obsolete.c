// rule: sigvec(3), sigset(3), sigpause(3): sigblock, sigsetmask, sighold, sigrelse, sigignore and sigset act on the calling thread's mask; sigpause in both forms waits for a handler while other threads run
// cflags: -Wno-deprecated-declarations
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
#include <signal.h>

extern int bsd_sigpause(int mask) __asm__("sigpause");
extern int xpg_sigpause(int signal) __asm__("__xpg_sigpause");
static __thread volatile sig_atomic_t here;
static volatile sig_atomic_t handled;
static void on(int signal) { handled = signal, here++; }

static int blocked(int signal) {
    sigset_t set;
    CHECK_OK(pthread_sigmask(SIG_BLOCK, NULL, &set));
    return sigismember(&set, signal);
}

static void *masks(void *arg) {
    CHECK_EQ(sigblock(sigmask(SIGUSR1)), 0);
    CHECK_EQ(sigblock(sigmask(SIGUSR2)), sigmask(SIGUSR1));
    CHECK_EQ(siggetmask(), sigmask(SIGUSR1) | sigmask(SIGUSR2));
    CHECK_EQ(sigsetmask(sigmask(SIGHUP)), sigmask(SIGUSR1) | sigmask(SIGUSR2));
    CHECK(blocked(SIGHUP) && !blocked(SIGUSR1));
    CHECK_EQ(sigsetmask(0), sigmask(SIGHUP));
    CHECK_EQ(sighold(SIGRTMIN + 1), 0);
    CHECK(blocked(SIGRTMIN + 1));
    CHECK_EQ(sigrelse(SIGRTMIN + 1), 0);
    CHECK(!blocked(SIGRTMIN + 1));
    CHECK_ERRNO(sighold(0), EINVAL);
    CHECK_ERRNO(sighold(65), EINVAL);
    CHECK_ERRNO(sigrelse(-1), EINVAL);
    /* A blocked signal comes when it is released, to the thread that it was sent to. */
    CHECK(sigset(SIGUSR1, on) == SIG_DFL);
    CHECK(sigset(SIGUSR1, SIG_HOLD) == on);
    CHECK_OK(pthread_kill(pthread_self(), SIGUSR1));
    CHECK_EQ(here, 0);
    CHECK(sigset(SIGUSR1, on) == SIG_HOLD);
    CHECK_EQ(here, 1);
    CHECK(sigset(SIGUSR1, SIG_HOLD) == on);
    CHECK(sigset(SIGUSR1, SIG_HOLD) == SIG_HOLD);
    CHECK_EQ(sigrelse(SIGUSR1), 0);
    CHECK(sigset(SIGKILL, on) == SIG_ERR && errno == EINVAL);
    CHECK_EQ(sigignore(SIGUSR2), 0);
    CHECK_OK(pthread_kill(pthread_self(), SIGUSR2));
    CHECK(signal(SIGUSR2, on) == SIG_IGN);
    CHECK_ERRNO(sigignore(SIGSTOP), EINVAL);
    return arg;
}

static pthread_t waiter;
static volatile int waits;
static void *pauses(void *arg) {
    CHECK_EQ(sighold(SIGUSR1), 0);
    waits = 1;
    CHECK_ERRNO(bsd_sigpause(sigmask(SIGUSR2)), EINTR);
    CHECK_EQ(here, 1);
    CHECK(blocked(SIGUSR1) && !blocked(SIGUSR2));
    waits = 2;
    CHECK_ERRNO(xpg_sigpause(SIGUSR1), EINTR);
    CHECK_EQ(here, 2);
    CHECK(blocked(SIGUSR1));
    CHECK_ERRNO(xpg_sigpause(0), EINVAL);
    return arg;
}

int main(void) {
    u_tick_start();
    u_join(u_spawn(masks, NULL));
    CHECK_EQ(siggetmask(), 0);
    here = 0;
    signal(SIGUSR1, on);
    waiter = u_spawn(pauses, NULL);
    for (int i = 1; i <= 2; i++) {
        while (waits < i) u_sleep(1);
        int before = u_ticks();
        u_sleep(120);
        if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
        CHECK_OK(pthread_kill(waiter, SIGUSR1));
    }
    u_join(waiter);
    CHECK_EQ(here, 0);
    puts("as ever");
    u_tick_end();
    return 0;
}
