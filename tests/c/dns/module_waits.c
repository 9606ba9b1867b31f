// rule: nss(5): a module that waits by libc's public functions blocks only the thread that looks something up
// env: GEVENTRS_SLICE=5000
// timeout: 40
#include "nameserver.h"
#include <dlfcn.h>
#include <pwd.h>

/* The library libnss_waits.so.2: users "w0" to "w9", each found after 300 ms. */
static const char *module =
    "#include <errno.h>\n#include <nss.h>\n#include <pwd.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
    "enum nss_status _nss_waits_getpwnam_r(const char *name, struct passwd *p, char *b, size_t n, int *e) {\n"
    "  if (name[0] != 'w') { *e = ENOENT; return NSS_STATUS_NOTFOUND; }\n"
    "  usleep(300000);\n"
    "  p->pw_name = p->pw_passwd = p->pw_gecos = p->pw_dir = p->pw_shell = \"w\";\n"
    "  p->pw_uid = 1000 + atoi(name + 1); p->pw_gid = 0;\n"
    "  return NSS_STATUS_SUCCESS;\n"
    "}\n";

static int own_switch(void) {
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 0;
    FILE *f = fopen("nsswitch.conf", "w");
    CHECK(f != NULL);
    fputs("passwd: files [NOTFOUND=continue] waits # ours\nhosts: files dns\n", f);
    fclose(f);
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("nsswitch.conf", "/etc/nsswitch.conf", NULL, MS_BIND, NULL) == 0;
}

static void *ask(void *arg) {
    char name[8], buffer[256];
    int n = (intptr_t)arg;
    struct passwd p, *result;
    snprintf(name, sizeof name, "w%d", n);
    CHECK_EQ(getpwnam_r(name, &p, buffer, sizeof buffer, &result), 0);
    CHECK(result == &p);
    CHECK_EQ(p.pw_uid, 1000 + n);
    return NULL;
}

int main(void) {
    if (!own_switch()) {
        puts("skipped: no /etc/nsswitch.conf of one's own");
        return 0;
    }
    FILE *f = fopen("module.c", "w");
    CHECK(f != NULL);
    fputs(module, f);
    fclose(f);
    pid_t c = fork();
    CHECK(c >= 0);
    if (c == 0) {
        unsetenv("LD_PRELOAD");
        execlp("gcc", "gcc", "-shared", "-fPIC", "-Wl,-soname,libnss_waits.so.2", "-o", "libnss_waits.so.2",
               "module.c", NULL);
        _exit(127);
    }
    int st;
    CHECK_EQ(waitpid(c, &st, 0), c);
    CHECK_EQ(st, 0);
    CHECK(dlopen("./libnss_waits.so.2", RTLD_NOW | RTLD_GLOBAL) != NULL); /* libc finds it by its name */
    pthread_t ticker = u_spawn(ns_tick_fn, NULL), t[10];
    int before = ns_ticks();
    int64_t t0 = now_ms();
    for (intptr_t i = 0; i < 10; i++) t[i] = u_spawn(ask, (void *)i);
    for (int i = 0; i < 10; i++) u_join(t[i]);
    CHECK(now_ms() - t0 >= 300);
    CHECK(now_ms() - t0 < 10 * 300);
    ns_ticked(before, 300);
    struct passwd *p = getpwnam("root");
    CHECK(p != NULL && p->pw_uid == 0);
    ns_stop_ = 1;
    u_join(ticker);
    puts("found");
    return 0;
}
