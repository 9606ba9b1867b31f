// rule: aio(7): requests are worked off beside the threads; SIGEV_THREAD's function and a signal tell of their end
// env: GEVENTRS_SLICE=5000
#include "../io/util.h"
#include <aio.h>
#include <semaphore.h>

enum { N = 20, SIZE = 4096 };
static sem_t told;
static int count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t signals;

static void notify(union sigval v) {
    CHECK_OK(pthread_mutex_lock(&lock));
    count += v.sival_int;
    CHECK_OK(pthread_mutex_unlock(&lock));
    CHECK_EQ(sem_post(&told), 0);
}
static void on_signal(int s) { (void)s, signals = 1; }

static struct aiocb request(int fd, void *b, int i) {
    struct aiocb a;
    memset(&a, 0, sizeof a);
    a.aio_fildes = fd;
    a.aio_buf = b;
    a.aio_nbytes = SIZE;
    a.aio_offset = (off_t)i * SIZE;
    a.aio_sigevent.sigev_notify = SIGEV_THREAD;
    a.aio_sigevent.sigev_notify_function = notify;
    a.aio_sigevent.sigev_value.sival_int = i;
    return a;
}

static void *works(void *arg) {
    static unsigned char out[N][SIZE], in[N][SIZE];
    struct aiocb a[N];
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600), sum = 0;
    (void)arg;
    CHECK(fd >= 0);
    for (int i = 0; i < N; i++) {
        u_fill(out[i], SIZE, i * SIZE);
        a[i] = request(fd, out[i], i);
        CHECK_EQ(aio_write(&a[i]), 0);
        sum += i;
    }
    for (int i = 0; i < N; i++)
        while (sem_wait(&told) != 0) CHECK_EQ(errno, EINTR);
    CHECK_OK(pthread_mutex_lock(&lock));
    CHECK_EQ(count, sum);
    CHECK_OK(pthread_mutex_unlock(&lock));
    for (int i = 0; i < N; i++) {
        CHECK_EQ(aio_error(&a[i]), 0);
        CHECK_EQ(aio_return(&a[i]), SIZE);
    }
    struct aiocb *list[N];
    for (int i = 0; i < N; i++) {
        a[i] = request(fd, in[i], i);
        a[i].aio_sigevent.sigev_notify = SIGEV_NONE;
        a[i].aio_lio_opcode = LIO_READ;
        list[i] = &a[i];
    }
    CHECK_EQ(lio_listio(LIO_WAIT, list, N, NULL), 0);
    for (int i = 0; i < N; i++) {
        CHECK_EQ(aio_error(&a[i]), 0);
        CHECK_EQ(aio_return(&a[i]), SIZE);
        CHECK(u_same(in[i], SIZE, i * SIZE));
    }
    struct aiocb s = request(fd, NULL, 0);
    s.aio_sigevent.sigev_notify = SIGEV_SIGNAL;
    s.aio_sigevent.sigev_signo = SIGUSR1;
    CHECK_EQ(aio_fsync(O_SYNC, &s), 0);
    while (!signals) u_sleep(1);
    const struct aiocb *one[1] = {&s};
    CHECK_EQ(aio_suspend(one, 1, NULL), 0);
    CHECK_EQ(aio_error(&s), 0);
    s.aio_fildes = -1;
    CHECK_EQ(aio_write(&s) == -1 ? errno : (aio_suspend(one, 1, NULL), aio_error(&s)), EBADF);
    struct timespec bad = {0, 2000000000};
    s = request(fd, in[0], 0);
    s.aio_sigevent.sigev_notify = SIGEV_NONE;
    CHECK_EQ(aio_read(&s), 0);
    while (aio_error(&s) == EINPROGRESS) u_sleep(1);
    printf("%d\n", aio_suspend(one, 1, &bad));
    close(fd);
    return NULL;
}

int main(void) {
    struct sigaction a = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    CHECK_EQ(sigaction(SIGUSR1, &a, NULL), 0);
    CHECK_EQ(sem_init(&told, 0, 0), 0);
    u_tick_start();
    u_join(u_spawn(works, NULL));
    u_tick_end();
    puts("told");
    return 0;
}
