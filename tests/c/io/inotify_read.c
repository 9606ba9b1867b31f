// rule: read(2) on an inotify descriptor blocks until another thread changes the watched directory
#include "../io/util.h"
#include <sys/inotify.h>
static char dir[] = "/tmp/gvt-inoXXXXXX";
static char f[64];
static void *toucher(void *arg) {
    (void)arg;
    u_sleep(20);
    int fd = open(f, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0);
    close(fd);
    return NULL;
}
static void *remover(void *arg) {
    (void)arg;
    u_sleep(20);
    CHECK_EQ(unlink(f), 0);
    return NULL;
}

int main(void) {
    CHECK(mkdtemp(dir));
    snprintf(f, sizeof f, "%s/made", dir);
    int i = inotify_init1(IN_CLOEXEC);
    CHECK(i >= 0);
    CHECK(inotify_add_watch(i, dir, IN_CREATE | IN_DELETE) >= 0);
    pthread_t t = u_spawn(toucher, NULL);
    char b[4096] __attribute__((aligned(8)));
    CHECK(read(i, b, sizeof b) > 0);
    struct inotify_event *e = (struct inotify_event *)b;
    CHECK_EQ(e->mask, IN_CREATE);
    CHECK_STR(e->name, "made");
    u_join(t);
    t = u_spawn(remover, NULL);
    struct pollfd p = {i, POLLIN, 0};
    CHECK_EQ(poll(&p, 1, -1), 1);
    CHECK(read(i, b, sizeof b) > 0);
    CHECK_EQ(e->mask, IN_DELETE);
    u_join(t);
    rmdir(dir);
    puts("ok");
    return 0;
}
