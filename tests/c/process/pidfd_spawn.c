// rule: pidfd_spawn(3), pidfd_spawnp(3): the child runs, its descriptor can be polled and waited for, other threads run meanwhile; errors as posix_spawn's
// glibc: 2.39
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
#include <poll.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

extern char **environ;

static void *spawns(void *arg) {
    char *argv[] = {"sh", "-c", "sleep 0.2; exit 7", NULL};
    for (int named = 0; named < 2; named++) {
        int fd = -1, before = u_ticks();
        siginfo_t info;
        CHECK_OK(named ? pidfd_spawnp(&fd, "sh", NULL, NULL, argv, environ)
                       : pidfd_spawn(&fd, "/bin/sh", NULL, NULL, argv, environ));
        CHECK(fd >= 0);
        struct pollfd p = {fd, POLLIN, 0};
        CHECK_EQ(poll(&p, 1, -1), 1);
        CHECK_EQ(waitid(P_PIDFD, fd, &info, WEXITED), 0);
        CHECK(info.si_code == CLD_EXITED && info.si_status == 7);
        CHECK_EQ(close(fd), 0);
        if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
        CHECK_RC(named ? pidfd_spawnp(&fd, "no-such-program", NULL, NULL, argv, environ)
                       : pidfd_spawn(&fd, "/no/such", NULL, NULL, argv, environ), ENOENT);
    }
    return arg;
}

int main(void) {
    u_tick_start();
    u_join(u_spawn(spawns, NULL));
    puts("spawned");
    u_tick_end();
    return 0;
}
