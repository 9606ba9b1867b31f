// rule: read(2) returns what is there, without waiting to fill the buffer; the rest stays
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"

int main(void) {
    int p[2];
    char b[64];
    u_pipe(p);
    pthread_t t = u_write_later(10, p[1], "0123456789");
    CHECK_EQ(read(p[0], b, 4), 4);
    CHECK_EQ(memcmp(b, "0123", 4), 0);
    u_join(t);
    CHECK_EQ(read(p[0], b, 64), 6);
    CHECK_EQ(memcmp(b, "456789", 6), 0);
    t = u_write_later(10, p[1], "x");
    CHECK_EQ(read(p[0], b, 64), 1);
    u_join(t);
    u_tick_start();
    CHECK_EQ(read(p[0], b, 0), 0); /* zero bytes do not wait */
    u_tick_end();
    puts("ok");
    return 0;
}
