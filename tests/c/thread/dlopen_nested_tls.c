// rule: dlopen(3): a constructor that loads another module finds that one's static thread-locals initialised
// timeout: 60
// cflags: -rdynamic
#include "dlopen.h"

int seen_by_constructor = -1, seen_by_function = -1;

static const char *so_inner =
    "static __thread int value __attribute__((tls_model(\"initial-exec\"))) = 42;\n"
    "extern int seen_by_constructor;\n"
    "int inner_value(void) { return value; }\n"
    "__attribute__((constructor)) static void make(void) { seen_by_constructor = value++; }\n";

static const char *so_outer =
    "#include <dlfcn.h>\n"
    "extern int seen_by_function;\n"
    "__attribute__((constructor)) static void make(void) {\n"
    "	void *so = dlopen(\"./inner.so\", RTLD_NOW);\n"
    "	int (*f)(void) = so ? (int (*)(void))dlsym(so, \"inner_value\") : 0;\n"
    "	seen_by_function = f ? f() : -2;\n"
    "}\n";

static int (*inner)(void);
static void *reads(void *arg) { *(int *)arg = inner(); return arg; }

static void *loads(void *arg) {
    CHECK(dlopen("./outer.so", RTLD_NOW) != NULL);
    CHECK_EQ(seen_by_constructor, 42);
    CHECK_EQ(seen_by_function, 43);
    void *so = dlopen("./inner.so", RTLD_NOW);
    CHECK(so != NULL);
    inner = (int (*)(void))dlsym(so, "inner_value");
    return arg;
}

int main(void) {
    int in_main = 0, in_new = 0;
    so_make("inner", so_inner);
    so_make("outer", so_outer);
    u_tick_start();
    u_join(u_spawn(loads, NULL));
    reads(&in_main);
    CHECK_EQ(in_main, 42);
    u_join(u_spawn(reads, &in_new));
    CHECK_EQ(in_new, 42);
    u_tick_end();
    puts("42, then 43");
    return 0;
}
