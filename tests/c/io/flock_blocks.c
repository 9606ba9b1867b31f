// rule: flock(2) and fcntl F_OFD_SETLKW of an open file wait for another open file's lock, held by another thread, to be released
#include "../io/util.h"
static char name[] = "/tmp/gvt-flXXXXXX";
static volatile int released;
static void *holder(void *arg) {
    int ofd = (int)(intptr_t)arg, f = open(name, O_RDWR);
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (ofd) CHECK_EQ(fcntl(f, F_OFD_SETLK, &l), 0);
    else CHECK_EQ(flock(f, LOCK_EX), 0);
    released = 0;
    u_sleep(40);
    released = 1;
    l.l_type = F_UNLCK;
    if (ofd) CHECK_EQ(fcntl(f, F_OFD_SETLK, &l), 0);
    else CHECK_EQ(flock(f, LOCK_UN), 0);
    close(f);
    return NULL;
}

int main(void) {
    int f = mkstemp(name);
    struct flock l;
    for (int ofd = 0; ofd < 2; ofd++) {
        released = -1;
        pthread_t t = u_spawn(holder, (void *)(intptr_t)ofd);
        while (released == -1) u_sleep(1);
        l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (ofd) {
            CHECK_EQ(fcntl(f, F_OFD_SETLKW, &l), 0);
        } else {
            CHECK_EQ(flock(f, LOCK_EX), 0);
        }
        CHECK_EQ(released, 1);
        u_join(t);
        l.l_type = F_UNLCK;
        CHECK_EQ(ofd ? fcntl(f, F_OFD_SETLK, &l) : flock(f, LOCK_UN), 0);
    }
    unlink(name);
    puts("ok");
    return 0;
}
