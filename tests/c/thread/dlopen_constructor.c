// rule: dlopen(3) runs constructors, dlclose(3) destructors, in their thread: while one sleeps, another thread runs
// env: GEVENTRS_SLICE=5000
// one-thread: yes
#include "dlopen.h"

int main(void) {
    so_make("sleeper", so_sleeper);
    u_tick_start();
    u_sleep(5);
    int before = u_ticks(), unmade = 0;
    void *so = dlopen("./sleeper.so", RTLD_NOW);
    CHECK(so != NULL);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    int *made = dlsym(so, "made");
    CHECK(made != NULL && *made == 1);
    *(int **)dlsym(so, "unmade") = &unmade;
    before = u_ticks();
    CHECK_EQ(dlclose(so), 0);
    CHECK_EQ(unmade, 1);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    puts("made and unmade");
    u_tick_end();
    return 0;
}
