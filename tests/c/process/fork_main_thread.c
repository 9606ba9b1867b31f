// rule: a child forked by the main thread returns from main with its code and flushes its stdio; the parent's threads are not in it
#include "../io/util.h"
static volatile int ticks;
static void *ticker(void *arg) {
    (void)arg;
    for (int i = 0; i < 40; i++) {
        u_sleep(1);
        ticks++;
    }
    return NULL;
}

int main(void) {
    pthread_t t = u_spawn(ticker, NULL);
    u_sleep(5);
    printf("before,");
    fflush(stdout);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        int was = ticks;
        u_sleep(10);
        printf("ticks in the child: %d\n", ticks - was); /* no thread but this one */
        return 21;
    }
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    printf("child %d\n", WIFEXITED(st) ? WEXITSTATUS(st) : -1);
    u_join(t);
    CHECK_EQ(ticks, 40);
    return 0;
}
