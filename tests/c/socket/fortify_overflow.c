// rule: __recv_chk aborts the program when the length exceeds the buffer known to the compiler
// env: GEVENTRS_SLICE=5000
// cflags: -O2 -D_FORTIFY_SOURCE=2
// exit: signal 6
#include "../io/util.h"

static char b[8];
int main(int argc, char **argv) {
    (void)argv;
    struct rlimit none = {0, 0};
    CHECK_EQ(setrlimit(RLIMIT_CORE, &none), 0);
    int sv[2];
    u_pair(SOCK_STREAM, sv);
    u_tick_start();
    recv(sv[0], b, 8 + (size_t)argc, 0);
    puts("still here");
    return 0;
}
