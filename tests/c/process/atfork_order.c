// rule: pthread_atfork handlers: prepare in reverse order of registration, parent and child in order, in the forking thread
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static char log_[128];
static pthread_t forker;
#define H(n) \
    static void n(void) { \
        strcat(log_, " " #n); \
        CHECK(pthread_equal(forker, pthread_self())); \
    }
H(prep1) H(prep2) H(par1) H(par2) H(chi1) H(chi2)

static void *run(void *arg) {
    int *out = arg;
    forker = pthread_self();
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        CHECK(pthread_equal(forker, pthread_self()));
        dprintf(out[1], "child:%s\n", log_);
        _exit(0);
    }
    CHECK_EQ(waitpid(c, NULL, 0), c);
    dprintf(out[1], "parent:%s\n", log_);
    return NULL;
}

int main(void) {
    int out[2];
    u_pipe(out);
    CHECK_EQ(pthread_atfork(prep1, par1, chi1), 0);
    CHECK_EQ(pthread_atfork(prep2, par2, chi2), 0);
    u_tick_start();
    u_join(u_spawn(run, out));
    u_tick_end();
    close(out[1]);
    char b[512];
    size_t n = u_read_all(out[0], b, sizeof b);
    fwrite(b, 1, n, stdout);
    return 0;
}
