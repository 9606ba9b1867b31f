// rule: AF_UNIX stream sockets bound to a path: accept and connect in two threads; EADDRINUSE, ENOENT and ECONNREFUSED
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
static struct sockaddr_un a = {.sun_family = AF_UNIX};
static void *client(void *arg) {
    (void)arg;
    u_sleep(10);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&a, sizeof a), 0);
    char buf[16];
    CHECK_EQ(u_read_all(s, buf, 5), 5);
    CHECK_EQ(memcmp(buf, "hello", 5), 0);
    u_sleep(10);
    u_write_all(s, "world!", 6);
    close(s);
    return NULL;
}

int main(void) {
    char dir[] = "/tmp/gvt-unixXXXXXX";
    CHECK(mkdtemp(dir));
    snprintf(a.sun_path, sizeof a.sun_path, "%s/s", dir);
    int l = socket(AF_UNIX, SOCK_STREAM, 0), x = socket(AF_UNIX, SOCK_STREAM, 0);
    u_tick_start();
    U_FAILS(connect(x, (struct sockaddr *)&a, sizeof a), ENOENT);
    u_tick_end();
    CHECK_EQ(bind(l, (struct sockaddr *)&a, sizeof a), 0);
    U_FAILS(bind(x, (struct sockaddr *)&a, sizeof a), EADDRINUSE);
    U_FAILS(connect(x, (struct sockaddr *)&a, sizeof a), ECONNREFUSED);
    CHECK_EQ(listen(l, 5), 0);
    pthread_t t = u_spawn(client, NULL);
    int s = accept(l, NULL, NULL);
    CHECK(s >= 0);
    u_write_all(s, "hello", 5);
    char buf[16];
    CHECK_EQ(u_read_all(s, buf, sizeof buf), 6);
    u_join(t);
    unlink(a.sun_path);
    rmdir(dir);
    puts("ok");
    return 0;
}
