// rule: dlopen(3): a module's static thread-locals have their initial values in every thread before its constructors run
// timeout: 60
// cflags: -rdynamic
#include "dlopen.h"
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

int (*volatile published)(void); /* set by the constructors */
volatile int constructing;

static const char *so_slow_dependency =
    "#include <time.h>\n"
    "static long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000 + t.tv_nsec / 1000000; }\n"
    "static int one(void) { return 1; }\n"
    /* While this is relocated, the module that needs it has no place yet. */
    "static void *choose(void) { unsigned long i = 0; while (i < SPINS) { i++; __asm__ volatile(\"\"); } return one; }\n"
    "int depends(void) __attribute__((ifunc(\"choose\")));\n"
    "int (*pointer)(void) = depends;\n"
    "long unused(void) { return now(); }\n";

static const char *so_module =
    "#include <unistd.h>\n"
    "#include <pthread.h>\n"
    "extern int (*volatile published)(void);\n"
    "extern volatile int constructing;\n"
    "int depends(void);\n"
    "static __thread int value __attribute__((tls_model(\"initial-exec\"))) = 42;\n"
    "static int read_value(void) { return value; }\n"
    "static void *reads(void *arg) { *(int *)arg = value; return 0; }\n"
    "int from_thread;\n"
    "__attribute__((constructor)) static void make(void) {\n"
    "	pthread_t t;\n"
    "	published = read_value;\n"
    "	constructing = 1;\n"
    "	for (volatile long i = 0; i < 100000000; i++) ;\n"
    "	usleep(30000);\n"
    "	pthread_create(&t, 0, reads, &from_thread);\n"
    "	pthread_join(t, 0);\n"
    "	constructing = 0;\n"
    "	depends();\n"
    "}\n";

static atomic_int stop, wrong, reads, during;

/* Was there before the module. */
static void *watches(void *arg) {
    while (!atomic_load(&stop)) {
        if (published) {
            atomic_fetch_add(&reads, 1);
            if (constructing) atomic_fetch_add(&during, 1);
            if (published() != 42) atomic_fetch_add(&wrong, 1);
        }
        usleep(500);
    }
    return arg;
}

int main(void) {
    char code[4096];
    snprintf(code, sizeof code, "#define SPINS 200000000ul\n%s", so_slow_dependency);
    so_make("slow", code);
    FILE *f = fopen("module.c", "w");
    CHECK(f != NULL);
    fputs(so_module, f);
    fclose(f);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        unsetenv("LD_PRELOAD");
        execlp("gcc", "gcc", "-shared", "-fPIC", "-o", "module.so", "module.c", "./slow.so", NULL);
        _exit(127);
    }
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK_EQ(st, 0);

    pthread_t t[3];
    for (int i = 0; i < 3; i++) t[i] = u_spawn(watches, NULL);
    u_sleep(10);
    void *so = dlopen("./module.so", RTLD_NOW);
    if (so == NULL) puts(dlerror());
    CHECK(so != NULL);
    CHECK_EQ(*(int *)dlsym(so, "from_thread"), 42);
    u_sleep(30);
    atomic_store(&stop, 1);
    for (int i = 0; i < 3; i++) u_join(t[i]);
    CHECK(atomic_load(&reads) > 3);
    CHECK(atomic_load(&during) > 0);
    CHECK_EQ(atomic_load(&wrong), 0);
    puts("all 42");
    return 0;
}
