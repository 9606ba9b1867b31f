// rule: a write larger than a terminal's buffer blocks its thread only, until another thread has read everything
#include "../io/util.h"
#include <pty.h>
#include <termios.h>
enum { N = 200000 };
static int m, s;
static void *writer(void *arg) {
    (void)arg;
    static unsigned char b[N];
    u_fill(b, N, 0);
    CHECK_EQ(write(s, b, N), N);
    return NULL;
}

int main(void) {
    CHECK_EQ(openpty(&m, &s, NULL, NULL, NULL), 0);
    struct termios tio;
    CHECK_EQ(tcgetattr(s, &tio), 0);
    cfmakeraw(&tio);
    CHECK_EQ(tcsetattr(s, TCSANOW, &tio), 0);
    pthread_t t = u_spawn(writer, NULL);
    static unsigned char b[4096];
    size_t at = 0;
    while (at < N) {
        ssize_t r = read(m, b, sizeof b);
        CHECK(r > 0);
        CHECK(u_same(b, r, at));
        at += r;
    }
    u_join(t);
    puts("ok");
    return 0;
}
