// rule: a thread may fork while another one is in dlopen(3): the child closes, redirects and executes as ever
#include "../thread/dlopen.h"
static void *loader(void *arg) {
    (void)arg;
    CHECK(dlopen("./sleeper.so", RTLD_NOW) != NULL);
    return NULL;
}

int main(void) {
    so_make("sleeper", so_sleeper);
    pthread_t t = u_spawn(loader, NULL);
    u_sleep(100); /* it is in the constructor, with the loader's lock */
    int out[2], status;
    u_pipe(out);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        setsid();
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execl("/bin/sh", "sh", "-c", "echo hello", (char *)NULL);
        _exit(1);
    }
    close(out[1]);
    char b[100];
    size_t n = u_read_all(out[0], b, sizeof b);
    printf("%.*s", (int)n, b);
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK_EQ(status, 0);
    u_join(t);
    return 0;
}
