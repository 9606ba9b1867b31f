/* For the tests of who is preloaded: a program that executes itself as a probe, which says
 * whether it is. Natively nobody is. */
#include "../io/util.h"
#include <spawn.h>
#include <sys/mman.h>
extern char **environ;

static U_UNUSED char self_path[PATH_MAX];

/* Whether the library is mapped here. */
static U_UNUSED int here(void) {
    FILE *f = fopen("/proc/self/maps", "re");
    CHECK(f != NULL);
    char line[PATH_MAX + 100];
    int found = 0;
    while (fgets(line, sizeof line, f)) found |= strstr(line, "geventrs.so") != NULL;
    fclose(f);
    return found;
}

/* What the probe's exit code says. */
enum { PRELOADED = 1, SETTING = 2, LIST = 4, PRELOAD_SET = 8, RIGHT = 32, FAILED = 100 };

/* The probe: `program probe a b` with B=2 in the environment, and how many variables. */
static U_UNUSED int probe(int argc, char **argv) {
    CHECK_EQ(argc, 4);
    CHECK_STR(argv[2], "a");
    CHECK_STR(argv[3], "b");
    int code = RIGHT, many = 0;
    if (here()) code |= PRELOADED;
    const char *slice = getenv("GEVENTRS_SLICE");
    if (slice) {
        CHECK_STR(slice, "20");
        code |= SETTING;
    }
    CHECK(getenv("B") != NULL);
    CHECK_STR(getenv("B"), "2");
    const char *preload = getenv("LD_PRELOAD");
    if (preload) code |= PRELOAD_SET;
    if (preload && strstr(preload, "other.so")) code |= LIST;
    for (char **e = environ; *e; e++) many += strncmp(*e, "MANY", 4) == 0;
    if (getenv("MANY0")) CHECK_EQ(many, atoi(getenv("MANY0")));
    return code;
}

static U_UNUSED int code_of(pid_t pid) {
    int status;
    CHECK(pid > 0);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The code of a child that calls `execute`. */
#define CHILD(how, execute) \
    ({ \
        pid_t pid_ = how(); \
        if (pid_ == 0) { \
            execute; \
            _exit(FAILED); \
        } \
        code_of(pid_); \
    })

static U_UNUSED void find_self(void) {
    ssize_t n = readlink("/proc/self/exe", self_path, sizeof self_path - 1);
    CHECK(n > 0);
}
