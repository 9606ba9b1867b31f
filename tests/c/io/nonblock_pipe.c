// rule: a pipe made non-blocking by the program gives EAGAIN when empty or full and partial writes beyond PIPE_BUF
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    static char big[1 << 20];
    int p[2];
    u_tick_start();
    CHECK_EQ(pipe2(p, O_NONBLOCK), 0);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY | O_NONBLOCK);
    U_FAILS(read(p[0], big, 1), EAGAIN);
    int cap = fcntl(p[1], F_GETPIPE_SZ);
    CHECK_EQ(write(p[1], big, sizeof big), cap);
    U_FAILS(write(p[1], big, 1), EAGAIN);
    CHECK_EQ(read(p[0], big, 4096), 4096);
    CHECK_EQ(write(p[1], big, 4096), 4096);
    U_FAILS(write(p[1], big, 4096), EAGAIN);
    CHECK_EQ(u_read_all(p[0], big, cap), cap);
    /* one end blocking, the other not: the flag belongs to the open file */
    CHECK_EQ(fcntl(p[0], F_SETFL, 0), 0);
    CHECK_EQ(fcntl(p[1], F_GETFL), O_WRONLY | O_NONBLOCK);
    u_tick_end();
    pthread_t t = u_write_later(10, p[1], "x");
    CHECK_EQ(read(p[0], big, 10), 1);
    u_join(t);
    CHECK_EQ(fcntl(p[0], F_GETFL), O_RDONLY);
    puts("ok");
    return 0;
}
