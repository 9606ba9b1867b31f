// rule: fork in a thread while others print: the child can use stdio and malloc at once (no lock stays held in it)
#include "../io/util.h"
static volatile int stop;
static FILE *null;
static void *busy(void *arg) {
    (void)arg;
    while (!stop) {
        for (int i = 0; i < 20; i++) {
            void *m = malloc(100 + i);
            CHECK(m != NULL);
            fprintf(null, "%p\n", m);
            free(m);
        }
        u_sleep(1);
    }
    return NULL;
}

int main(void) {
    null = fopen("/dev/null", "w");
    CHECK(null != NULL);
    pthread_t t[3];
    for (int i = 0; i < 3; i++) t[i] = u_spawn(busy, NULL);
    for (int i = 0; i < 15; i++) {
        pid_t c = fork();
        CHECK(c >= 0);
        if (c == 0) {
            char *m = malloc(1000);
            if (!m) _exit(1);
            FILE *own = fopen("/dev/null", "w");
            if (!own || fprintf(own, "child %d\n", i) < 0 || fclose(own) != 0) _exit(1);
            free(m);
            _exit(i);
        }
        int st;
        CHECK_EQ(waitpid(c, &st, 0), c);
        CHECK(WIFEXITED(st));
        CHECK_EQ(WEXITSTATUS(st), i);
        u_sleep(1);
    }
    stop = 1;
    for (int i = 0; i < 3; i++) u_join(t[i]);
    puts("ok");
    return 0;
}
