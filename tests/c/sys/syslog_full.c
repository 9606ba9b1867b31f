// rule: syslog(3) blocks only its thread while the log's service does not take messages
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
#include <sched.h>
#include <sys/mount.h>
#include <syslog.h>

enum { MESSAGES = 700 };

/* A /dev of the process's own with a log that only this test reads. */
static int own_log(void) {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return -1;
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) return -1;
    if (mount("own", "/dev", "tmpfs", 0, NULL) != 0) return -1;
    int s = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
    CHECK(s >= 0);
    CHECK_EQ(bind(s, (struct sockaddr *)&a, sizeof a), 0);
    return s;
}

static volatile int sent;
static void *logs(void *arg) {
    (void)arg;
    for (int i = 0; i < MESSAGES; i++) {
        syslog(LOG_INFO, "message %d", i);
        __atomic_store_n(&sent, i + 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

int main(void) {
    int log = own_log();
    if (log < 0) {
        puts("skipped: no /dev of one's own");
        return 0;
    }
    openlog("tester", 0, LOG_USER);
    u_tick_start();
    pthread_t t = u_spawn(logs, NULL);
    int before = u_ticks();
    u_sleep(200);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    CHECK(sent < MESSAGES); /* the queue is shorter (net.unix.max_dgram_qlen) */
    for (int i = 0; i < MESSAGES; i++) {
        char text[256], want[32];
        ssize_t n = recv(log, text, sizeof text - 1, 0);
        CHECK(n > 0);
        text[n] = 0;
        snprintf(want, sizeof want, "message %d", i);
        CHECK_STR(strrchr(text, ':') + 2, want);
    }
    u_join(t);
    printf("%d messages\n", sent);
    u_tick_end();
    return 0;
}
