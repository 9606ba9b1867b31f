// rule: resolver(3): the sockets that RES_STAYOPEN keeps are the thread's, and closed when it ends
// env: GEVENTRS_SLICE=5000
#include "nameserver.h"
#include <dirent.h>

static int port;
static int sockets(void) {
    int n = 0;
    struct dirent *e;
    DIR *d = opendir("/proc/self/fd");
    CHECK(d != NULL);
    while ((e = readdir(d))) {
        char path[300], to[64];
        snprintf(path, sizeof path, "/proc/self/fd/%s", e->d_name);
        ssize_t l = readlink(path, to, sizeof to - 1);
        if (l > 0 && strncmp(to, "socket:", 7) == 0) n++;
    }
    closedir(d);
    return n;
}

static void *asks(void *arg) {
    unsigned char answer[512];
    int before = sockets();
    (void)arg;
    ns_use(port);
    _res.retrans = 10;
    _res.options |= RES_STAYOPEN;
    for (int i = 0; i < 3; i++) {
        CHECK(res_query("h9.example.", ns_c_in, ns_t_a, answer, sizeof answer) > 12);
        CHECK_EQ(sockets(), before + 1);
    }
    return NULL;
}

int main(void) {
    int s = u_bound(SOCK_DGRAM, &port), before = sockets();
    pid_t server = ns_start(s, 0);
    u_tick_start();
    for (int i = 0; i < 5; i++) {
        u_join(u_spawn(asks, NULL));
        CHECK_EQ(sockets(), before);
    }
    u_tick_end();
    ns_stop(server);
    puts("closed");
    return 0;
}
