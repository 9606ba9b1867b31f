// rule: connect(2) to an AF_UNIX socket with a full backlog blocks until a connection is accepted
#include "../io/util.h"
enum { N = 6 };
static struct sockaddr_un a;
static socklen_t al;
static int connected;
static void *client(void *arg) {
    (void)arg;
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(connect(s, (struct sockaddr *)&a, al), 0);
    __atomic_add_fetch(&connected, 1, __ATOMIC_SEQ_CST);
    CHECK_EQ(fcntl(s, F_GETFL), O_RDWR);
    char c;
    CHECK_EQ(read(s, &c, 1), 1);
    close(s);
    return NULL;
}

int main(void) {
    al = u_unix(&a, "backlog");
    int l = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK_EQ(bind(l, (struct sockaddr *)&a, al), 0);
    CHECK_EQ(listen(l, 1), 0);
    pthread_t t[N];
    for (int i = 0; i < N; i++) t[i] = u_spawn(client, NULL);
    u_sleep(40);
    CHECK(__atomic_load_n(&connected, __ATOMIC_SEQ_CST) <= 2);
    for (int i = 0; i < N; i++) {
        int s = accept(l, NULL, NULL);
        CHECK(s >= 0);
        CHECK(__atomic_load_n(&connected, __ATOMIC_SEQ_CST) <= i + 3);
        u_sleep(5);
        CHECK_EQ(write(s, "x", 1), 1);
        close(s);
    }
    for (int i = 0; i < N; i++) u_join(t[i]);
    CHECK_EQ(connected, N);
    puts("ok");
    return 0;
}
