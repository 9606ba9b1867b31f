// rule: setgroups(2), setgid(2), setuid(2) by any thread change the whole process (POSIX), also with threads in blocking sections; what follows runs with the new rights
#include "../io/util.h"
#include <grp.h>
static int locked, out[2];

/* In a blocking section until the file lock is given back. */
static void *waits(void *arg) {
    (void)arg;
    int fd = open("lock", O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK_EQ(flock(fd, LOCK_EX), 0);
    CHECK_EQ(getuid(), 65534);
    /* the OS thread that waited has the new rights as well */
    U_FAILS(open("secret", O_RDONLY), EACCES);
    close(fd);
    return NULL;
}

static void *drops(void *arg) {
    (void)arg;
    gid_t group = 65534;
    CHECK_EQ(setgroups(1, &group), 0);
    CHECK_EQ(setgid(65534), 0);
    CHECK_EQ(setuid(65534), 0);
    U_FAILS(setuid(0), EPERM);
    U_FAILS(open("secret", O_RDONLY), EACCES);
    return NULL;
}

static void *nothing(void *arg) { return arg; }

/* There and back: it is the process's, so one at a time. */
static void *changes(void *arg) {
    static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < 20; i++) {
        pthread_mutex_lock(&one);
        CHECK_EQ(seteuid(65534), 0);
        u_sleep(i % 3);
        U_FAILS(open("secret", O_RDONLY), EACCES);
        CHECK_EQ(seteuid(0), 0);
        int fd = open("secret", O_RDONLY);
        CHECK(fd >= 0);
        close(fd);
        pthread_mutex_unlock(&one);
    }
    return arg;
}

static void child(void) {
    pthread_t w[3];
    for (int i = 0; i < 3; i++) w[i] = u_spawn(waits, NULL);
    u_sleep(50);
    pthread_t t[4];
    for (int i = 0; i < 4; i++) t[i] = u_spawn(changes, NULL);
    for (int i = 0; i < 4; i++) u_join(t[i]);
    u_join(u_spawn(drops, NULL));
    CHECK_EQ(getuid(), 65534);
    CHECK_EQ(geteuid(), 65534);
    CHECK_EQ(getegid(), 65534);
    CHECK_EQ(getgroups(0, NULL), 1);
    U_FAILS(open("secret", O_RDONLY), EACCES);
    CHECK_EQ(flock(locked, LOCK_UN), 0);
    for (int i = 0; i < 3; i++) u_join(w[i]);
    /* threads, children and programs work, with the new rights */
    u_join(u_spawn(nothing, NULL));
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        dup2(out[1], 1);
        execlp("sh", "sh", "-c", "id -u; id -g; cat secret 2>/dev/null || echo refused", (char *)NULL);
        _exit(127);
    }
    int status;
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK_EQ(status, 0);
    _exit(0);
}

int main(void) {
    if (getuid() != 0) {
        puts("needs root");
        return 0;
    }
    CHECK_EQ(chmod(".", 0755), 0);
    int fd = open("secret", O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0);
    close(fd);
    locked = open("lock", O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    CHECK(locked >= 0);
    CHECK_EQ(fchmod(locked, 0666), 0);
    CHECK_EQ(flock(locked, LOCK_EX), 0);
    u_pipe(out);
    u_join(u_spawn(nothing, NULL));
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) child();
    int status;
    CHECK_EQ(waitpid(c, &status, 0), c);
    CHECK_EQ(status, 0);
    close(out[1]);
    char b[200];
    size_t n = u_read_all(out[0], b, sizeof b);
    printf("%.*s", (int)n, b);
    CHECK_EQ(getuid(), 0);
    return 0;
}
