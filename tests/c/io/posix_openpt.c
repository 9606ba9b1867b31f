// rule: a pseudo terminal of posix_openpt(3) works with another thread at the slave, also through stdio lines
#include "../io/util.h"
#include <termios.h>
static char name[64];
static void *slave(void *arg) {
    (void)arg;
    int fd = open(name, O_RDWR | O_NOCTTY);
    CHECK(fd >= 0);
    CHECK_EQ(isatty(fd), 1);
    struct termios tio;
    CHECK_EQ(tcgetattr(fd, &tio), 0);
    cfmakeraw(&tio);
    CHECK_EQ(tcsetattr(fd, TCSANOW, &tio), 0);
    CHECK_EQ(write(fd, "R", 1), 1); /* ready */
    FILE *f = fdopen(fd, "r");
    char line[64];
    int sum = 0, v;
    while (fgets(line, sizeof line, f) && sscanf(line, "add %d", &v) == 1) sum += v;
    fclose(f);
    return (void *)(intptr_t)sum;
}

int main(void) {
    int m = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(m >= 0);
    CHECK_EQ(grantpt(m), 0);
    CHECK_EQ(unlockpt(m), 0);
    CHECK_EQ(ptsname_r(m, name, sizeof name), 0);
    pthread_t t = u_spawn(slave, NULL);
    char c;
    CHECK_EQ(read(m, &c, 1), 1);
    CHECK_EQ(c, 'R');
    for (int i = 1; i <= 20; i++) {
        dprintf(m, "add %d\n", i);
        if (i % 5 == 0) u_sleep(2);
    }
    dprintf(m, "end\n");
    printf("%d\n", (int)(intptr_t)u_join(t));
    return 0;
}
