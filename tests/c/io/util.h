/* Shared helpers of the select, socket, io and process tests (all names u_*). Include it first. */
#ifndef U_UTIL_H
#define U_UTIL_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../check.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define U_UNUSED __attribute__((unused))

/* A call that must fail with one errno. */
#define U_FAILS(call, err) CHECK_ERRNO(call, err)

static U_UNUSED pthread_t u_spawn(void *(*fn)(void *), void *arg) {
    pthread_t t;
    int r = pthread_create(&t, NULL, fn, arg);
    CHECK_EQ(r, 0);
    return t;
}

static U_UNUSED void *u_join(pthread_t t) {
    void *ret = NULL;
    int r = pthread_join(t, &ret);
    CHECK_EQ(r, 0);
    return ret;
}

static U_UNUSED void u_sleep(long ms) {
    struct timespec ts = {ms / 1000, (ms % 1000) * 1000000L};
    while (nanosleep(&ts, &ts) == -1) CHECK_EQ(errno, EINTR);
}

static U_UNUSED void u_pipe(int p[2]) { CHECK_EQ(pipe(p), 0); }
static U_UNUSED void u_pair(int type, int sv[2]) { CHECK_EQ(socketpair(AF_UNIX, type, 0, sv), 0); }

/* Byte i of a pseudo-random but reproducible stream. */
static U_UNUSED unsigned char u_pat(size_t i) { return (unsigned char)((i * 2654435761u) >> 13); }
static U_UNUSED void u_fill(unsigned char *b, size_t n, size_t from) {
    for (size_t i = 0; i < n; i++) b[i] = u_pat(from + i);
}
static U_UNUSED int u_same(const unsigned char *b, size_t n, size_t from) {
    for (size_t i = 0; i < n; i++)
        if (b[i] != u_pat(from + i)) return 0;
    return 1;
}

static U_UNUSED void u_write_all(int fd, const void *b, size_t n) {
    const char *p = b;
    while (n) {
        ssize_t r = write(fd, p, n);
        CHECK(r > 0);
        p += r;
        n -= r;
    }
}

/* Reads n bytes, or fewer at the end of the file. */
static U_UNUSED size_t u_read_all(int fd, void *b, size_t n) {
    size_t done = 0;
    while (done < n) {
        ssize_t r = read(fd, (char *)b + done, n - done);
        CHECK(r >= 0);
        if (r == 0) break;
        done += r;
    }
    return done;
}

/* ---- TCP over 127.0.0.1 ---- */
static U_UNUSED struct sockaddr_in u_addr(int port) {
    struct sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_port = htons(port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static U_UNUSED int u_bound(int type, int *port) {
    int s = socket(AF_INET, type, 0);
    CHECK(s >= 0);
    struct sockaddr_in a = u_addr(0);
    socklen_t l = sizeof a;
    CHECK_EQ(bind(s, (struct sockaddr *)&a, sizeof a), 0);
    CHECK_EQ(getsockname(s, (struct sockaddr *)&a, &l), 0);
    *port = ntohs(a.sin_port);
    return s;
}

static U_UNUSED int u_listen(int backlog, int *port) {
    int s = u_bound(SOCK_STREAM, port);
    CHECK_EQ(listen(s, backlog), 0);
    return s;
}

static U_UNUSED int u_connect(int port) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(s >= 0);
    struct sockaddr_in a = u_addr(port);
    CHECK_EQ(connect(s, (struct sockaddr *)&a, sizeof a), 0);
    return s;
}

static U_UNUSED void u_tcp_pair(int sv[2]) {
    int port, l = u_listen(8, &port);
    sv[0] = u_connect(port);
    sv[1] = accept(l, NULL, NULL);
    CHECK(sv[1] >= 0);
    close(l);
}

/* An address in the abstract AF_UNIX name space, of this process only. */
static U_UNUSED socklen_t u_unix(struct sockaddr_un *a, const char *name) {
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    int n = snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "gvt-%d-%s", (int)getpid(), name);
    return offsetof(struct sockaddr_un, sun_path) + 1 + n;
}

/* ---- a thread that writes to (or closes) a descriptor some time later ---- */
struct u_later {
    int fd, ms;
    const void *data; /* NULL: close the descriptor */
    size_t len;
};
static U_UNUSED void *u_later_fn(void *arg) {
    struct u_later l = *(struct u_later *)arg;
    free(arg);
    u_sleep(l.ms);
    if (l.data) CHECK_EQ(write(l.fd, l.data, l.len), (ssize_t)l.len);
    else CHECK_EQ(close(l.fd), 0);
    return NULL;
}
static U_UNUSED pthread_t u_later(int ms, int fd, const void *data, size_t len) {
    struct u_later *l = malloc(sizeof *l);
    CHECK(l != NULL);
    l->fd = fd;
    l->ms = ms;
    l->data = data;
    l->len = len;
    return u_spawn(u_later_fn, l);
}
#define u_write_later(ms, fd, str) u_later(ms, fd, str, strlen(str))
#define u_close_later(ms, fd) u_later(ms, fd, NULL, 0)

/* ---- a thread that counts milliseconds: proves that others ran during a blocking call ---- */
static U_UNUSED volatile int u_ticks_, u_tick_stop_;
static U_UNUSED pthread_t u_ticker_;
static U_UNUSED void *u_tick_fn(void *arg) {
    (void)arg;
    while (!u_tick_stop_) {
        __atomic_add_fetch(&u_ticks_, 1, __ATOMIC_SEQ_CST);
        u_sleep(1);
    }
    return NULL;
}
static U_UNUSED void u_tick_start(void) {
    u_tick_stop_ = 0;
    u_ticker_ = u_spawn(u_tick_fn, NULL);
}
static U_UNUSED int u_ticks(void) { return __atomic_load_n(&u_ticks_, __ATOMIC_SEQ_CST); }
/* The count grew. Natively a loaded machine may not run the thread for long, so nothing is asked there. */
static U_UNUSED void u_ticked(int before) {
    if (preloaded()) CHECK(u_ticks() > before);
}
static U_UNUSED void u_tick_end(void) {
    u_tick_stop_ = 1;
    u_join(u_ticker_);
}
#endif
