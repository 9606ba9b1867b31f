// rule: read(2) on a signalfd blocks until a blocked signal is sent to the process and gives its data
#include "../io/util.h"
static void *sender(void *arg) {
    (void)arg;
    u_sleep(20);
    union sigval v = {.sival_int = 1234};
    CHECK_EQ(sigqueue(getpid(), SIGRTMIN + 1, v), 0);
    return NULL;
}
static void *killer(void *arg) {
    (void)arg;
    u_sleep(20);
    CHECK_EQ(kill(getpid(), SIGUSR1), 0);
    return NULL;
}

int main(void) {
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGUSR1);
    sigaddset(&s, SIGRTMIN + 1);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, &s, NULL), 0);
    int f = signalfd(-1, &s, SFD_CLOEXEC);
    CHECK(f >= 0);
    pthread_t t = u_spawn(sender, NULL);
    struct signalfd_siginfo si;
    CHECK_EQ(read(f, &si, sizeof si), sizeof si);
    CHECK_EQ(si.ssi_signo, SIGRTMIN + 1);
    CHECK_EQ(si.ssi_int, 1234);
    CHECK_EQ(si.ssi_code, SI_QUEUE);
    CHECK_EQ(si.ssi_pid, getpid());
    u_join(t);
    t = u_spawn(killer, NULL);
    CHECK_EQ(read(f, &si, sizeof si), sizeof si);
    CHECK_EQ(si.ssi_signo, SIGUSR1);
    u_join(t);
    puts("ok");
    return 0;
}
