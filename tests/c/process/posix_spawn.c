// rule: posix_spawn(3) with file actions: the child talks over pipes with a thread of the parent
#include "../io/util.h"
#include <spawn.h>
extern char **environ;
static int in[2];
static void *feeder(void *arg) {
    (void)arg;
    for (int i = 0; i < 3; i++) {
        u_sleep(5);
        dprintf(in[1], "line %d\n", i);
    }
    close(in[1]);
    return NULL;
}

int main(void) {
    int out[2];
    CHECK_EQ(pipe2(in, O_CLOEXEC), 0);
    CHECK_EQ(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t fa;
    CHECK_EQ(posix_spawn_file_actions_init(&fa), 0);
    CHECK_EQ(posix_spawn_file_actions_adddup2(&fa, in[0], 0), 0);
    CHECK_EQ(posix_spawn_file_actions_adddup2(&fa, out[1], 1), 0);
    char *argv[] = {"sh", "-c", "while read x; do echo \"<$x>\"; done; exit 4", NULL};
    pid_t c;
    pthread_t t = u_spawn(feeder, NULL);
    CHECK_EQ(posix_spawn(&c, "/bin/sh", &fa, NULL, argv, environ), 0);
    close(in[0]);
    close(out[1]);
    FILE *f = fdopen(out[0], "r");
    char line[64];
    while (fgets(line, sizeof line, f)) fputs(line, stdout);
    fclose(f);
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    printf("exit %d\n", WEXITSTATUS(st));
    u_join(t);
    CHECK_EQ(posix_spawn(&c, "/nonexistent", NULL, NULL, argv, environ), ENOENT);
    CHECK_EQ(posix_spawnp(&c, "true", NULL, NULL, (char *[]){"true", NULL}, environ), 0);
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK_EQ(st, 0);
    posix_spawn_file_actions_destroy(&fa);
    return 0;
}
