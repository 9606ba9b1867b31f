// rule: fork(2) by any thread while others are in calls that only the kernel can wait for (a file lock, a FIFO, a shell) or compute: the child goes on alone, with threads, locks and programs; the parent's calls end as ever
#include "../io/util.h"

static void *locks_file(void *arg) {
    (void)arg;
    int fd = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_EQ(flock(fd, LOCK_EX), 0);
    close(fd);
    return NULL;
}

static void *opens_fifo(void *arg) {
    (void)arg;
    int fd = open("fifo", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    close(fd);
    return NULL;
}

static void *in_shell(void *arg) {
    (void)arg;
    CHECK_EQ(system("read x <wake"), 0);
    return NULL;
}

static void *computes(void *stop) {
    while (!*(volatile int *)stop) {}
    return NULL;
}

static void *forks(void *arg) {
    (void)arg;
    for (int i = 0; i < 10; i++) {
        pid_t c = fork();
        CHECK(c >= 0);
        if (c == 0) {
            char *p = malloc(100000);
            CHECK(p != NULL);
            free(p);
            pthread_t t = u_spawn(locks_file, NULL); /* the parent has the lock */
            u_sleep(2);
            if (i % 3 == 0) execl("/bin/sh", "sh", "-c", "exit 6", (char *)NULL);
            (void)t;
            _exit(6);
        }
        int status;
        CHECK_EQ(waitpid(c, &status, 0), c);
        CHECK(WIFEXITED(status));
        CHECK_EQ(WEXITSTATUS(status), 6);
    }
    return NULL;
}

int main(void) {
    volatile int stop = 0;
    int lock = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(lock >= 0);
    CHECK_EQ(flock(lock, LOCK_EX), 0);
    CHECK_EQ(mkfifo("fifo", 0600), 0);
    CHECK_EQ(mkfifo("wake", 0600), 0);
    pthread_t w[] = {u_spawn(locks_file, NULL), u_spawn(locks_file, NULL), u_spawn(opens_fifo, NULL),
                     u_spawn(in_shell, NULL), u_spawn(computes, (void *)&stop)};
    u_sleep(50);
    pthread_t f[3];
    for (int i = 0; i < 3; i++) f[i] = u_spawn(forks, NULL);
    forks(NULL);
    for (int i = 0; i < 3; i++) u_join(f[i]);
    stop = 1;
    CHECK_EQ(flock(lock, LOCK_UN), 0);
    int fd = open("fifo", O_WRONLY);
    CHECK(fd >= 0);
    close(fd);
    fd = open("wake", O_WRONLY);
    CHECK(fd >= 0);
    CHECK_EQ(write(fd, "x\n", 2), 2);
    close(fd);
    for (int i = 0; i < 5; i++) u_join(w[i]);
    puts("ok");
    return 0;
}
