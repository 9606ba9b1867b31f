// rule: a parent thread blocked on a pipe gets what the child writes and its end when the child exits
#include "../io/util.h"
static int p[2];
static void *reader(void *arg) {
    (void)arg;
    char b[64];
    size_t n = u_read_all(p[0], b, sizeof b);
    printf("%.*s\n", (int)n, b);
    return NULL;
}

int main(void) {
    u_pipe(p);
    pthread_t t = u_spawn(reader, NULL);
    u_sleep(5);
    fflush(stdout);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        close(p[0]);
        for (int i = 0; i < 5; i++) {
            u_sleep(3);
            dprintf(p[1], "[%d]", i);
        }
        _exit(0);
    }
    close(p[1]);
    u_join(t);
    CHECK_EQ(waitpid(c, NULL, 0), c);
    return 0;
}
