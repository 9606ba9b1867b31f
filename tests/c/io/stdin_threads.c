// rule: reading standard input in one thread leaves the others running; its data and its end are seen
// env: GEVENTRS_SLICE=5000
// stdin: first line\nsecond\n
#include "../io/util.h"

int main(void) {
    u_tick_start();
    char line[100];
    int n = 0;
    while (fgets(line, sizeof line, stdin)) {
        printf("%d: %s", ++n, line);
        u_sleep(2);
    }
    CHECK(feof(stdin));
    CHECK_EQ(getchar(), EOF);
    CHECK_EQ(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQ(fcntl(1, F_GETFL) & O_NONBLOCK, 0);
    u_tick_end();
    printf("\n%d lines\n", n);
    return 0;
}
