// rule: forkpty(3), login_tty(3): the child has the terminal as its standard descriptors, whatever they were before, and may use threads
// env: GEVENTRS_SLICE=5000
// libs: -lutil
#include "../io/util.h"
#include <pty.h>
#include <utmp.h>

static void *echoes(void *arg) {
    (void)arg;
    char b[64];
    ssize_t n = read(0, b, sizeof b);
    CHECK(n > 0);
    dprintf(1, "got %.*s", (int)n, b);
    return NULL;
}

/* Descriptor 0 is a pipe that the library has waited for and knows well. */
static void uses_pipe(void) {
    int p[2];
    char b;
    close(0);
    u_pipe(p);
    CHECK_EQ(p[0], 0);
    pthread_t t = u_write_later(10, p[1], "x");
    CHECK_EQ(read(0, &b, 1), 1);
    u_join(t);
}

static void child(void) {
    struct termios t;
    CHECK(isatty(0) && isatty(1) && isatty(2));
    CHECK_EQ(tcgetattr(0, &t), 0);
    t.c_lflag &= ~ECHO;
    t.c_oflag &= ~OPOST;
    CHECK_EQ(tcsetattr(0, TCSANOW, &t), 0);
    u_tick_start();
    CHECK_EQ(write(1, "ready\n", 6), 6);
    u_join(u_spawn(echoes, NULL)); /* waits for the terminal */
    u_tick_end();
    _exit(7);
}

static void talk(int master, pid_t c) {
    char b[64];
    int st;
    size_t n = u_read_all(master, b, 6);
    CHECK(n == 6 && memcmp(b, "ready\n", 6) == 0);
    u_sleep(20);
    CHECK_EQ(write(master, "hello\n", 6), 6);
    n = u_read_all(master, b, 10);
    printf("%.*s", (int)n, b);
    CHECK_EQ(waitpid(c, &st, 0), c);
    printf("%d\n", WEXITSTATUS(st));
    close(master);
}

int main(void) {
    int master, slave;
    u_tick_start();
    uses_pipe();
    pid_t c = forkpty(&master, NULL, NULL, NULL);
    CHECK(c >= 0);
    if (c == 0) child();
    talk(master, c);
    CHECK_EQ(openpty(&master, &slave, NULL, NULL, NULL), 0);
    c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        u_tick_start();
        uses_pipe();
        u_tick_end();
        CHECK_EQ(login_tty(slave), 0);
        child();
    }
    close(slave);
    talk(master, c);
    u_tick_end();
    return 0;
}
