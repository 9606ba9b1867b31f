// rule: vfork(2): children that execute programs with environments of their own, small and large, leave nothing in the parent's memory
// timeout: 60
#include "../io/util.h"

enum { MANY = 3000, TIMES = 60 };
static char text[MANY][16];
static char *list[MANY + 1];

static long pages(void) {
    long n;
    FILE *f = fopen("/proc/self/statm", "r");
    CHECK(f != NULL);
    CHECK_EQ(fscanf(f, "%ld", &n), 1);
    fclose(f);
    return n;
}

static void executes(const char *path, int variables, int code) {
    char *args[] = {"true", NULL}, *last = list[variables];
    list[variables] = NULL;
    pid_t c = vfork();
    CHECK(c >= 0);
    if (c == 0) {
        execve(path, args, list);
        _exit(9);
    }
    list[variables] = last;
    int status;
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK_EQ(WEXITSTATUS(status), code);
}

static void *several(void *arg) {
    int times = (intptr_t)arg;
    for (int i = 0; i < times; i++) {
        executes("/bin/true", MANY, 0);
        executes("/bin/true", 10, 0);
        executes("/nowhere/true", MANY, 9);
    }
    return NULL;
}

int main(void) {
    for (int i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "V%d=%d", i, i);
        list[i] = text[i];
    }
    for (int thread = 0; thread < 2; thread++) {
        void *(*run)(void *) = several;
        if (thread) u_join(u_spawn(run, (void *)2));
        else run((void *)2);
        long before = pages();
        if (thread) u_join(u_spawn(run, (void *)(intptr_t)TIMES));
        else run((void *)(intptr_t)TIMES);
        CHECK(pages() < before + TIMES);
    }
    puts("flat");
    return 0;
}
