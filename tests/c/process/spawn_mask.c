// rule: posix_spawn(3), popen(3): the child has the calling thread's signal mask, or that of its attributes
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
#include <spawn.h>
extern char **environ;

static char *argv[] = {"sed", "-n", "s/^SigBlk:\t//p", "/proc/self/status", NULL};
static void child(const posix_spawnattr_t *attr, int by_name) {
    pid_t c;
    int st;
    fflush(stdout);
    if (by_name) CHECK_EQ(posix_spawnp(&c, "sed", NULL, attr, argv, environ), 0);
    else CHECK_EQ(posix_spawn(&c, "/bin/sed", NULL, attr, argv, environ), 0);
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK_EQ(st, 0);
}

static void *run(void *arg) {
    sigset_t set;
    posix_spawnattr_t attr;
    short flags;
    sigemptyset(&set);
    sigaddset(&set, (int)(intptr_t)arg);
    CHECK_OK(pthread_sigmask(SIG_BLOCK, &set, NULL));
    child(NULL, 0);
    child(NULL, 1);
    CHECK_EQ(posix_spawnattr_init(&attr), 0);
    child(&attr, 0);
    CHECK_EQ(posix_spawnattr_getflags(&attr, &flags), 0);
    CHECK_EQ(flags, 0); /* the program's object is as it was */
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    CHECK_EQ(posix_spawnattr_setsigmask(&attr, &set), 0);
    CHECK_EQ(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK), 0);
    child(&attr, 1);
    CHECK_EQ(posix_spawnattr_destroy(&attr), 0);
    fflush(stdout);
    FILE *f = popen("sed -n 's/^SigBlk:\t/popen /p' /proc/self/status >&2", "w");
    CHECK(f != NULL);
    CHECK_EQ(pclose(f), 0);
    return NULL;
}

int main(void) {
    u_tick_start();
    u_join(u_spawn(run, (void *)(intptr_t)SIGUSR1));
    u_join(u_spawn(run, (void *)(intptr_t)SIGTERM));
    child(NULL, 0); /* the main thread blocks nothing */
    u_tick_end();
    return 0;
}
