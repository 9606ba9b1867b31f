/* A shared library that the test makes when it runs. */
#include "../io/util.h"
#include <dlfcn.h>

/* Compile `code` into ./NAME.so. */
static U_UNUSED void so_make(const char *name, const char *code) {
    char source[64], library[64];
    snprintf(source, sizeof source, "%s.c", name);
    snprintf(library, sizeof library, "./%s.so", name);
    FILE *f = fopen(source, "w");
    CHECK(f != NULL);
    fputs(code, f);
    fclose(f);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        unsetenv("LD_PRELOAD");
        execlp("gcc", "gcc", "-shared", "-fPIC", "-o", library, source, NULL);
        _exit(127);
    }
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK_EQ(st, 0);
}

U_UNUSED static const char *so_sleeper =
    "#include <unistd.h>\n"
    "int made, *unmade;\n"
    "__attribute__((constructor)) static void make(void) { usleep(300000); made = 1; }\n"
    "__attribute__((destructor)) static void unmake(void) { if (unmade) { usleep(300000); *unmade = 1; } }\n";
