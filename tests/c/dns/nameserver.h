/* A name server of the test's own, on 127.0.0.1. Include it first. */
#ifndef NAMESERVER_H
#define NAMESERVER_H
#include "../io/util.h"
#include <arpa/nameser.h>
#include <net/if.h>
#include <netdb.h>
#include <resolv.h>
#include <sched.h>
#include <sys/mount.h>

/* Make the calling thread's resolver ask 127.0.0.1:port, once, for a second.
 * The resolver's state is the thread's own, so this needs no privilege. */
static U_UNUSED void ns_use(int port) {
    CHECK_EQ(res_init(), 0);
    _res.nscount = 1;
    _res.nsaddr_list[0] = u_addr(port);
    _res.retrans = 1;
    _res.retry = 1;
    _res.options &= ~(RES_DEFNAMES | RES_DNSRCH);
}

/* Whether getaddrinfo() and its kin ask name servers at all here. */
static U_UNUSED int ns_asked(void) {
    char line[256];
    int dns = 0;
    FILE *f = fopen("/etc/nsswitch.conf", "r");
    if (!f) return 1;
    while (fgets(line, sizeof line, f))
        if (strncmp(line, "hosts:", 6) == 0) dns = strstr(line, "dns") != NULL;
    fclose(f);
    if (!dns) puts("skipped: /etc/nsswitch.conf asks no name server for hosts");
    return dns;
}

/* hN.example. has the address 10.9.(N / 256).(N % 256), and that address this name; no host has
 * an IPv6 address. */
static U_UNUSED int ns_answer(const unsigned char *q, int n, unsigned char *a) {
    char name[NS_MAXDNAME];
    int end = dn_expand(q, q + n, q + 12, name, sizeof name);
    if (end < 0 || 12 + end + 4 > n) return 0;
    const unsigned char *tail = q + 12 + end;
    int type = tail[0] << 8 | tail[1], host, b[4], len = 12 + end + 4;
    memcpy(a, q, len);
    memset(a + 6, 0, 6);
    a[2] = 0x81 | (q[2] & 1); /* a response, recursion desired and available */
    a[3] = 0x80;
    unsigned char data[64];
    int size = 0;
    if (type == ns_t_a && sscanf(name, "h%d.example", &host) == 1) {
        unsigned char address[4] = {10, 9, host / 256, host % 256};
        memcpy(data, address, size = 4);
    } else if (type == ns_t_ptr && sscanf(name, "%d.%d.%d.%d.in-addr", b, b + 1, b + 2, b + 3) == 4) {
        snprintf(name, sizeof name, "h%d.example", b[1] * 256 + b[0]);
        size = dn_comp(name, data, sizeof data, NULL, NULL);
        CHECK(size > 0);
    }
    if (size > 0) {
        unsigned char head[12] = {0xc0, 12, type >> 8, type, 0, 1, 0, 0, 0, 60, 0, size};
        a[7] = 1;
        memcpy(a + len, head, 12);
        memcpy(a + len + 12, data, size);
        len += 12 + size;
    }
    return len;
}

/* A process that answers each question on the socket `ms` milliseconds after it came; it goes
 * when the caller does, or is killed. */
static U_UNUSED pid_t ns_start(int s, int ms) {
    enum { MOST = 1024 };
    pid_t parent = getpid(), c = fork();
    CHECK(c >= 0);
    if (c) return c;
    static struct {
        struct sockaddr_in from;
        int64_t due;
        int len;
        unsigned char text[600];
    } queue[MOST];
    unsigned head = 0, tail = 0;
    while (getppid() == parent) {
        int64_t now = now_ms();
        while (head != tail && queue[head % MOST].due <= now) {
            unsigned char answer[700];
            int i = head++ % MOST, n = ns_answer(queue[i].text, queue[i].len, answer);
            if (n > 0) sendto(s, answer, n, 0, (struct sockaddr *)&queue[i].from, sizeof queue[i].from);
        }
        struct pollfd p = {s, POLLIN, 0};
        int wait = head == tail ? 200 : queue[head % MOST].due - now;
        if (poll(&p, 1, wait) > 0 && tail - head < MOST) {
            int i = tail % MOST;
            socklen_t l = sizeof queue[i].from;
            queue[i].len =
                recvfrom(s, queue[i].text, sizeof queue[i].text, 0, (struct sockaddr *)&queue[i].from, &l);
            queue[i].due = now_ms() + ms;
            if (queue[i].len > 0) tail++;
        }
    }
    _exit(0);
}

static U_UNUSED void ns_stop(pid_t c) {
    CHECK_EQ(kill(c, SIGKILL), 0);
    CHECK_EQ(waitpid(c, NULL, 0), c);
}

/* Give the process a network and an /etc/resolv.conf of its own: the name server is 127.0.0.1:53
 * for every thread, libc's own ones, too. To be called before there are threads. Returns the
 * server's socket, or -1 with a printed reason where that is not permitted. */
static U_UNUSED int ns_world(void) {
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) != 0) {
        puts("skipped: no name spaces of one's own");
        return -1;
    }
    FILE *f = fopen("resolv.conf", "w");
    CHECK(f != NULL);
    fputs("nameserver 127.0.0.1\noptions timeout:1 attempts:1 ndots:1\n", f);
    fclose(f);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("resolv.conf", "/etc/resolv.conf", NULL, MS_BIND, NULL) != 0) {
        puts("skipped: no file system of one's own");
        return -1;
    }
    int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq up = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    struct sockaddr_in a = u_addr(53);
    if (s < 0 || ioctl(s, SIOCSIFFLAGS, &up) != 0 || bind(s, (struct sockaddr *)&a, sizeof a) != 0) {
        puts("skipped: no network of one's own");
        return -1;
    }
    return s;
}

/* The thread that ticks every 5 ms, and what it makes of `ms` milliseconds: ENOUGH_TICKS must be
 * reached while another thread waits. Natively nothing is asked: the machine may be busy. */
static U_UNUSED volatile int ns_stop_;
static U_UNUSED int ns_ticks_;
static U_UNUSED void *ns_tick_fn(void *arg) {
    (void)arg;
    while (!ns_stop_) {
        __atomic_add_fetch(&ns_ticks_, 1, __ATOMIC_SEQ_CST);
        u_sleep(5);
    }
    return NULL;
}
static U_UNUSED int ns_ticks(void) { return __atomic_load_n(&ns_ticks_, __ATOMIC_SEQ_CST); }
#define ns_ticked(before, ms)                                                                            \
    do {                                                                                                 \
        int ticked_ = ns_ticks() - (before);                                                             \
        if (preloaded() && ticked_ < ENOUGH_TICKS)                                                        \
            check_fail(__FILE__, __LINE__, "%d ticks in %d ms", ticked_, (int)(ms));                     \
    } while (0)
#endif
