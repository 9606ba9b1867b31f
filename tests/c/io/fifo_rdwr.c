// rule: a FIFO opened O_RDWR opens at once and its reads block for a writer thread; O_NONBLOCK reading opens at once, writing gives ENXIO
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    char dir[] = "/tmp/gvt-fifoXXXXXX", f[64], b[8];
    CHECK(mkdtemp(dir));
    snprintf(f, sizeof f, "%s/f", dir);
    CHECK_EQ(mkfifo(f, 0600), 0);
    u_tick_start();
    U_FAILS(open(f, O_WRONLY | O_NONBLOCK), ENXIO);
    int r = open(f, O_RDONLY | O_NONBLOCK);
    CHECK(r >= 0);
    CHECK_EQ(read(r, b, 8), 0); /* no writer: end of file */
    int rw = open(f, O_RDWR);
    CHECK(rw >= 0);
    U_FAILS(read(r, b, 8), EAGAIN);
    u_tick_end();
    pthread_t t = u_write_later(20, rw, "fifo");
    CHECK_EQ(read(rw, b, 8), 4);
    u_join(t);
    int w = open(f, O_WRONLY);
    CHECK(w >= 0);
    t = u_write_later(20, w, "wr");
    CHECK_EQ(read(rw, b, 8), 2);
    u_join(t);
    unlink(f);
    rmdir(dir);
    puts("ok");
    return 0;
}
