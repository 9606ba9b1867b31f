// rule: aio_suspend(3), lio_listio(3) block only their thread: another one fills the pipe that the request reads
#include "../io/util.h"
#include <aio.h>

static char text[16];
static struct aiocb a;
static const struct aiocb *list[1] = {&a};
static void begin(int fd) {
    memset(&a, 0, sizeof a);
    a.aio_fildes = fd;
    a.aio_buf = text;
    a.aio_nbytes = sizeof text;
    a.aio_lio_opcode = LIO_READ;
    a.aio_sigevent.sigev_notify = SIGEV_NONE;
}

static void *for_ever(void *arg) {
    aio_suspend(list, 1, NULL);
    return arg;
}

int main(void) {
    int p[2];
    u_pipe(p);
    u_tick_start();
    begin(p[0]);
    CHECK_EQ(aio_read(&a), 0);
    int before = u_ticks();
    struct timespec limit = ts_ms(120);
    int64_t t0 = now_ns();
    CHECK_ERRNO(aio_suspend(list, 1, &limit), EAGAIN);
    CHECK_WAITED(t0, 120);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    before = u_ticks();
    pthread_t t = u_write_later(150, p[1], "abc");
    CHECK_EQ(aio_suspend(list, 1, NULL), 0);
    CHECK_EQ(aio_return(&a), 3);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    u_join(t);
    begin(p[0]);
    before = u_ticks();
    t = u_write_later(150, p[1], "defg");
    struct aiocb *one[1] = {&a};
    CHECK_EQ(lio_listio(LIO_WAIT, one, 1, NULL), 0);
    CHECK_EQ(aio_return(&a), 4);
    if (preloaded()) CHECK(u_ticks() - before >= ENOUGH_TICKS);
    u_join(t);
    begin(p[0]);
    CHECK_EQ(aio_read(&a), 0);
    t = u_spawn(for_ever, NULL); /* a cancellation point */
    u_sleep(20);
    CHECK_OK(pthread_cancel(t));
    CHECK(u_join(t) == PTHREAD_CANCELED);
    CHECK_EQ(aio_error(&a), EINPROGRESS);
    CHECK_EQ(write(p[1], "h", 1), 1);
    while (aio_error(&a) == EINPROGRESS) u_sleep(1);
    puts("suspended");
    u_tick_end();
    return 0;
}
