// rule: reads on a pseudo terminal block for the other side: canonical mode delivers lines, raw mode bytes, the closed slave gives EIO
// variant: fortify -O2 -D_FORTIFY_SOURCE=2
#include "../io/util.h"
#include <pty.h>
#include <termios.h>

static int m, s;
static void *halves(void *arg) {
    (void)arg;
    u_sleep(5);
    CHECK_EQ(write(m, "li", 2), 2);
    u_sleep(15);
    CHECK_EQ(write(m, "ne\nrest", 7), 7);
    return NULL;
}

int main(void) {
    char b[64];
    CHECK_EQ(openpty(&m, &s, NULL, NULL, NULL), 0);
    struct termios tio;
    CHECK_EQ(tcgetattr(s, &tio), 0);
    tio.c_lflag &= ~ECHO;
    CHECK_EQ(tcsetattr(s, TCSANOW, &tio), 0);
    pthread_t t1 = u_spawn(halves, NULL);
    CHECK_EQ(read(s, b, sizeof b), 5); /* a whole line */
    CHECK_EQ(memcmp(b, "line\n", 5), 0);
    u_join(t1);
    t1 = u_write_later(10, m, "\n");
    CHECK_EQ(read(s, b, sizeof b), 5);
    CHECK_EQ(memcmp(b, "rest\n", 5), 0);
    u_join(t1);
    cfmakeraw(&tio);
    CHECK_EQ(tcsetattr(s, TCSANOW, &tio), 0);
    t1 = u_write_later(10, m, "x");
    CHECK_EQ(read(s, b, sizeof b), 1);
    u_join(t1);
    t1 = u_write_later(10, s, "out");
    CHECK_EQ(read(m, b, sizeof b), 3);
    u_join(t1);
    t1 = u_close_later(10, s);
    U_FAILS(read(m, b, sizeof b), EIO);
    u_join(t1);
    puts("ok");
    return 0;
}
