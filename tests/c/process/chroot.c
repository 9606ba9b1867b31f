// rule: chroot(2) and chdir(2) by any thread are the whole process's; threads, forks and programs work in the new root, and ld.so has nothing to say on stderr there
// glibc: 2.34
#include "../io/util.h"
#include <libgen.h>

/* Copies a file to the same path under ./root. */
static void copy(const char *path) {
    char command[2 * PATH_MAX + 100], dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", path);
    snprintf(command, sizeof command, "mkdir -p root%s && cp -L %s root%s", dirname(dir), path, path);
    CHECK_EQ(system(command), 0);
}

static void *changes(void *arg) {
    (void)arg;
    CHECK_EQ(chroot("root"), 0);
    CHECK_EQ(chdir("/"), 0);
    return NULL;
}

static char *const argv_[] = {"program", "again", NULL};
static char *const built[] = {"A=b", NULL};

static void *looks(void *arg) {
    (void)arg;
    CHECK_EQ(access("/etc/passwd", F_OK), -1);
    CHECK_EQ(access("/program", X_OK), 0);
    for (int i = 0; i < 3; i++) {
        pid_t c = i == 2 ? vfork() : fork();
        CHECK(c >= 0);
        if (c == 0) {
            if (i == 1) execve("/program", argv_, built);
            execv("/program", argv_);
            _exit(127);
        }
        int status;
        CHECK_EQ(waitpid(c, &status, 0), c);
        printf("%d\n", WEXITSTATUS(status));
    }
    return NULL;
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) {
        u_tick_start();
        u_sleep(3);
        u_tick_end();
        return 9;
    }
    if (getuid() != 0) {
        puts("needs root");
        return 0;
    }
    FILE *f = fopen("/proc/self/maps", "r");
    CHECK(f != NULL);
    char line[PATH_MAX + 100], seen[PATH_MAX] = "";
    while (fgets(line, sizeof line, f)) {
        char *path = strchr(line, '/');
        if (!path) continue;
        path[strcspn(path, "\n")] = 0;
        /* The program, ld.so and libc, and not the library. */
        if ((strstr(path, "ld-linux") || strstr(path, "libc.so") || strstr(path, "libc-2")) && strcmp(seen, path) != 0) {
            snprintf(seen, sizeof seen, "%s", path);
            copy(path);
        }
    }
    fclose(f);
    copy("/lib64/ld-linux-x86-64.so.2");
    CHECK_EQ(system("cp /proc/$PPID/exe root/program"), 0);
    CHECK_EQ(setenv("LD_LIBRARY_PATH", "/lib:/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu", 1), 0);
    u_tick_start();
    u_join(u_spawn(changes, NULL));
    u_join(u_spawn(looks, NULL));
    looks(NULL);
    int before = u_ticks();
    while (u_ticks() == before) u_sleep(1);
    u_tick_end();
    return 0;
}
