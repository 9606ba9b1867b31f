// rule: stdin dup2'ed onto a pipe blocks in scanf and getchar until another thread writes
#include "../io/util.h"

int main(void) {
    int p[2], v;
    u_pipe(p);
    CHECK_EQ(dup2(p[0], 0), 0);
    close(p[0]);
    pthread_t t = u_write_later(20, p[1], "41\nab");
    CHECK_EQ(scanf("%d", &v), 1);
    CHECK_EQ(v, 41);
    CHECK_EQ(getchar(), '\n');
    CHECK_EQ(getchar(), 'a');
    CHECK_EQ(getchar(), 'b');
    u_join(t);
    t = u_close_later(20, p[1]);
    CHECK_EQ(getchar(), EOF);
    u_join(t);
    puts("ok");
    return 0;
}
