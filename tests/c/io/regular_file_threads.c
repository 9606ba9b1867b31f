// rule: pread/pwrite, preadv/pwritev and read/write on regular files from many threads: own regions do not mix, the shared offset moves
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
enum { T = 8, N = 50, BLK = 1000 };
static int f;
static void *worker(void *arg) {
    int id = (int)(intptr_t)arg;
    unsigned char b[BLK], c[BLK];
    for (int i = 0; i < N; i++) {
        off_t at = ((off_t)i * T + id) * BLK;
        u_fill(b, BLK, at);
        if (i % 2) CHECK_EQ(pwrite(f, b, BLK, at), BLK);
        else CHECK_EQ(pwritev(f, &(struct iovec){b, BLK}, 1, at), BLK);
        if (i % 10 == 0) u_sleep(1);
        if (i % 3) CHECK_EQ(pread(f, c, BLK, at), BLK);
        else CHECK_EQ(preadv(f, &(struct iovec){c, BLK}, 1, at), BLK);
        CHECK_EQ(memcmp(b, c, BLK), 0);
    }
    return NULL;
}

int main(void) {
    char name[] = "/tmp/gvt-rfXXXXXX";
    f = mkstemp(name);
    unlink(name);
    pthread_t t[T];
    for (int i = 0; i < T; i++) t[i] = u_spawn(worker, (void *)(intptr_t)i);
    for (int i = 0; i < T; i++) u_join(t[i]);
    CHECK_EQ(lseek(f, 0, SEEK_CUR), 0);
    static unsigned char all[T * N * BLK + 10];
    u_tick_start();
    CHECK_EQ(read(f, all, sizeof all), T * N * BLK);
    CHECK(u_same(all, T * N * BLK, 0));
    CHECK_EQ(read(f, all, sizeof all), 0);
    CHECK_EQ(lseek(f, 5, SEEK_SET), 5);
    CHECK_EQ(write(f, "X", 1), 1);
    CHECK_EQ(lseek(f, 0, SEEK_CUR), 6);
    CHECK_EQ(fsync(f), 0);
    CHECK_EQ(fdatasync(f), 0);
    CHECK_EQ(ftruncate(f, 3), 0);
    CHECK_EQ(pread(f, all, 10, 0), 3);
    CHECK_EQ(fcntl(f, F_GETFL) & O_NONBLOCK, 0);
    u_tick_end();
    puts("ok");
    return 0;
}
