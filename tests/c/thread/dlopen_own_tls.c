// rule: dlopen(3) of a library with static (initial-exec) thread-local variables, while threads are alive: each thread, older or newer, has its own, with its initial value
#include "dlopen.h"
static const char *code =
    "__thread int here __attribute__((tls_model(\"initial-exec\"))) = 41;\n"
    "__thread char pad[200] __attribute__((tls_model(\"initial-exec\")));\n"
    "int bump(void) { pad[3]++; return ++here * 100 + pad[3]; }\n";
static int (*bump)(void);
static int opened[2], used[2];

static void *older(void *arg) {
    char c;
    CHECK_EQ(read(opened[0], &c, 1), 1); /* until the library is there */
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ(bump(), (41 + i) * 100 + i);
        u_sleep(2);
    }
    return arg;
}

static void *newer(void *arg) {
    for (int i = 1; i <= 3; i++) {
        CHECK_EQ(bump(), (41 + i) * 100 + i);
        u_sleep(1);
    }
    return arg;
}

static void *opens(void *arg) {
    void *so = dlopen("./static_tls.so", RTLD_NOW);
    CHECK(so != NULL);
    bump = (int (*)(void))dlsym(so, "bump");
    CHECK(bump != NULL);
    CHECK_EQ(bump(), 4201);
    return arg;
}

int main(void) {
    so_make("static_tls", code);
    u_pipe(opened);
    u_pipe(used);
    pthread_t t[20];
    for (int i = 0; i < 20; i++) t[i] = u_spawn(older, NULL);
    u_sleep(5);
    u_join(u_spawn(opens, NULL));
    CHECK_EQ(bump(), 4201);
    CHECK_EQ(write(opened[1], "12345678901234567890", 20), 20);
    pthread_t n[5];
    for (int i = 0; i < 5; i++) n[i] = u_spawn(newer, NULL);
    for (int i = 0; i < 20; i++) u_join(t[i]);
    for (int i = 0; i < 5; i++) u_join(n[i]);
    puts("ok");
    return 0;
}
