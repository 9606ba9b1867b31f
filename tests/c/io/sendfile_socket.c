// rule: sendfile(2) of 3 MB from a file to a blocking socket waits for the reader and sends all of it, keeping the offset
#include "../io/util.h"
enum { N = 3 << 20 };
static int sv[2];
static void *reader(void *arg) {
    (void)arg;
    static unsigned char b[20011];
    size_t at = 0;
    ssize_t r;
    u_sleep(20);
    while ((r = read(sv[1], b, sizeof b)) > 0) {
        CHECK(u_same(b, r, at));
        at += r;
    }
    CHECK_EQ(r, 0);
    CHECK_EQ(at, N);
    return NULL;
}

int main(void) {
    char name[] = "/tmp/gvt-sfXXXXXX";
    int f = mkstemp(name);
    CHECK(f >= 0);
    unlink(name);
    unsigned char *b = malloc(N);
    u_fill(b, N, 0);
    u_write_all(f, b, N);
    for (int k = 0; k < 2; k++) {
        if (k) u_tcp_pair(sv);
        else u_pair(SOCK_STREAM, sv);
        pthread_t t = u_spawn(reader, NULL);
        size_t done = 0;
        off_t off = 0;
        if (k) CHECK_EQ(lseek(f, 0, SEEK_SET), 0);
        while (done < N) {
            ssize_t r = sendfile(sv[0], f, k ? NULL : &off, N - done);
            CHECK(r > 0);
            done += r;
            if (!k) CHECK_EQ(off, (off_t)done);
        }
        CHECK_EQ(done, N);
        CHECK_EQ(lseek(f, 0, SEEK_CUR), N);
        CHECK_EQ(sendfile(sv[0], f, NULL, 10), 0);
        close(sv[0]);
        u_join(t);
        close(sv[1]);
    }
    puts("ok");
    return 0;
}
