// rule: dlopen(3): while a constructor blocks past every hook, or computes, and while another thread waits for the loader, others run
// timeout: 60
// cflags: -rdynamic
#include "dlopen.h"
#include "../ipc/ticks.h"

static const char *so_blocks =
    "#define _GNU_SOURCE\n"
    "#include <time.h>\n"
    "#include <sys/syscall.h>\n"
    "extern volatile int constructing;\n"
    "__attribute__((constructor)) static void make(void) {\n"
    "	constructing = 1;\n"
    "	struct timespec t = {0, 300000000};\n"
    "#if defined __x86_64__\n"
    "	long r = SYS_nanosleep;\n"
    "	__asm__ volatile(\"syscall\" : \"+a\"(r) : \"D\"(&t), \"S\"(0) : \"rcx\", \"r11\", \"memory\");\n"
    "#else\n"
    "	nanosleep(&t, 0);\n"
    "#endif\n"
    "}\n";
static const char *so_computes =
    "#include <time.h>\n"
    "static long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000 + t.tv_nsec / 1000000; }\n"
    "__attribute__((constructor)) static void make(void) { long end = now() + 300; while (now() < end) ; }\n";

volatile int constructing;

static void *opens(void *name) {
    void *so;
    CHECK((so = dlopen(name, RTLD_NOW)) != NULL);
    CHECK_EQ(dlclose(so), 0);
    return NULL;
}

int main(void) {
    so_make("blocks", so_blocks);
    so_make("computes", so_computes);
    so_make("other", "int nothing;\n");
    ticks_start();
    TICKS_DURING(opens("./blocks.so"));
    TICKS_DURING(opens("./computes.so"));
    constructing = 0;
    pthread_t t = u_spawn(opens, "./blocks.so");
    while (!constructing)
        sleep_ms(1);
    TICKS_DURING(opens("./other.so")); /* waits for the loader's lock */
    u_join(t);
    ticks_end();
    puts("opened");
    return 0;
}
