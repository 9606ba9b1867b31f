// rule: wordexp(3), popen(3), pclose(3) block only their thread: another one feeds the command that they wait for
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
#include <wordexp.h>

int main(void) {
    int p[2];
    char cmd[64];
    wordexp_t w;
    u_pipe(p);
    u_tick_start();
    snprintf(cmd, sizeof cmd, "$(read x <&%d; echo $x)", p[0]);
    pthread_t t = u_write_later(150, p[1], "fed\n");
    int before = u_ticks();
    CHECK_EQ(wordexp(cmd, &w, 0), 0);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    printf("%s\n", w.we_wordv[0]);
    wordfree(&w);
    u_join(t);
    snprintf(cmd, sizeof cmd, "read x <&%d; exit $x", p[0]);
    FILE *f = popen(cmd, "w");
    CHECK(f != NULL);
    t = u_write_later(150, p[1], "9\n");
    before = u_ticks();
    printf("%d\n", WEXITSTATUS(pclose(f)));
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    u_join(t);
    u_tick_end();
    return 0;
}
