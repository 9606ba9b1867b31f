// rule: descriptors that threads wait on are still blocking for another program: no O_NONBLOCK leaks into the shared open file
// glibc: 2.34
#include "../io/util.h"
static int p[2], sv[2];
static void *pipe_reader(void *arg) {
    (void)arg;
    char b[16];
    CHECK_EQ(u_read_all(p[0], b, 4), 4);
    return NULL;
}
static void *sock_reader(void *arg) {
    (void)arg;
    char b[16];
    CHECK_EQ(u_read_all(sv[0], b, 4), 4);
    return NULL;
}

/* The child runs without LD_PRELOAD: its cat sees the kernel's blocking mode. */
static int cat(int fd, const char *what, pthread_t reader, int wfd) {
    CHECK_EQ(write(wfd, "abcd", 4), 4); /* the reader used the file; now it is the child's turn */
    u_join(reader);
    int out[2], st;
    u_pipe(out);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        char *env[] = {"PATH=/bin:/usr/bin", "GEVENTRS_FOLLOW=off", NULL};
        dup2(fd, 0);
        dup2(out[1], 1);
        close_range(3, ~0U, 0);
        execle("/bin/sh", "sh", "-c", "exec head -c 5 2>/dev/null", (char *)NULL, env);
        _exit(127);
    }
    close(out[1]);
    pthread_t t = u_write_later(50, wfd, "later");
    char b[16];
    size_t n = u_read_all(out[0], b, sizeof b);
    CHECK_EQ(waitpid(c, &st, 0), c);
    u_join(t);
    printf("%s: %.*s\n", what, (int)n, b);
    fflush(stdout);
    return WEXITSTATUS(st);
}

int main(void) {
    u_pipe(p);
    u_pair(SOCK_STREAM, sv);
    pthread_t a = u_spawn(pipe_reader, NULL), b = u_spawn(sock_reader, NULL);
    u_sleep(10);
    CHECK_EQ(cat(p[0], "pipe", a, p[1]), 0);
    CHECK_EQ(cat(sv[0], "socket", b, sv[1]), 0);
    return 0;
}
