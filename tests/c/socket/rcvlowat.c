// rule: a blocking receive waits for SO_RCVLOWAT bytes (or the end of the stream) before it returns
#include "../io/util.h"
static int sv[2];
static void *writer(void *arg) {
    (void)arg;
    for (int i = 0; i < 10; i++) {
        u_sleep(3);
        CHECK_EQ(write(sv[1], "x", 1), 1);
    }
    close(sv[1]);
    return NULL;
}

int main(void) {
    for (int k = 0; k < 2; k++) {
        if (k) u_tcp_pair(sv);
        else u_pair(SOCK_STREAM, sv);
        int low = 4;
        CHECK_EQ(setsockopt(sv[0], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low), 0);
        pthread_t t = u_spawn(writer, NULL);
        char b[64];
        ssize_t r = recv(sv[0], b, sizeof b, 0), r2;
        CHECK(r >= 4);
        if (r <= 6) {
            r2 = read(sv[0], b, sizeof b);
            CHECK(r2 >= 4);
            r += r2;
        }
        while ((r2 = read(sv[0], b, sizeof b)) > 0) r += r2;
        CHECK_EQ(r2, 0);
        CHECK_EQ(r, 10);
        u_join(t);
        close(sv[0]);
    }
    puts("ok");
    return 0;
}
