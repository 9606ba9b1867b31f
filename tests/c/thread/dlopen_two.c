// rule: dlopen(3) is thread-safe: a second thread waits until the first one's constructors are done, and others run
#include "dlopen.h"

static void *opens(void *name) {
    void *so = dlopen(name, RTLD_NOW);
    CHECK(so != NULL);
    int *made = dlsym(so, "made");
    CHECK(made != NULL && *made == 1);
    CHECK_EQ(dlclose(so), 0);
    return NULL;
}

int main(void) {
    so_make("first", so_sleeper);
    so_make("second", so_sleeper);
    u_tick_start();
    u_sleep(5);
    int before = u_ticks();
    pthread_t a = u_spawn(opens, "./first.so"), b = u_spawn(opens, "./second.so");
    pthread_t c = u_spawn(opens, "./first.so");
    u_join(a);
    u_join(b);
    u_join(c);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    puts("both");
    u_tick_end();
    return 0;
}
