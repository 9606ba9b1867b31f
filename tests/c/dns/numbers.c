// rule: getaddrinfo(3): hosts given as numbers, and none at all, are converted without a look-up, the same in every thread
// env: GEVENTRS_SLICE=5000
// one-thread: yes
#include "nameserver.h"

static void show(const char *node, const char *service, int flags) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags}, *found = NULL;
    int r = getaddrinfo(node, service, &hints, &found);
    printf("%s %s %#x:", node ? node : "-", service ? service : "-", flags);
    if (r != 0) {
        printf(" %s\n", gai_strerror(r));
        return;
    }
    for (struct addrinfo *a = found; a; a = a->ai_next) {
        char host[64], port[16];
        CHECK_EQ(getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof host, port, sizeof port,
                             NI_NUMERICHOST | NI_NUMERICSERV), 0);
        printf(" %s/%s", host, port);
    }
    puts("");
    freeaddrinfo(found);
}

static void *all(void *arg) {
    (void)arg;
    show("127.0.0.1", "80", 0);
    show("127.1", "80", 0);
    show("0x7f000001", NULL, 0);
    show("::1", "80", 0);
    show("::ffff:10.0.0.1", "80", 0);
    show("fe80::1%1", "80", 0);
    show(NULL, "80", AI_PASSIVE);
    show(NULL, "80", 0);
    show("no.number", "80", AI_NUMERICHOST);
    show("10.0.0.1", "80", AI_CANONNAME);
    show("10.0.0.1", "no-such-service", AI_NUMERICSERV);
    show(NULL, NULL, 0);
    struct hostent *h = gethostbyname("10.1.2.3"), e, *r;
    CHECK(h != NULL);
    printf("%s %d\n", h->h_name, (unsigned char)h->h_addr[3]);
    h = gethostbyname2("::2", AF_INET6);
    CHECK(h != NULL);
    printf("%s %d\n", h->h_name, h->h_length);
    char buffer[256];
    int error;
    CHECK_EQ(gethostbyname_r("10.1.2.4", &e, buffer, sizeof buffer, &r, &error), 0);
    printf("%s %d\n", r->h_name, (unsigned char)r->h_addr[3]);
    CHECK_EQ(gethostbyname_r("10.1.2.4", &e, buffer, 2, &r, &error), ERANGE);
    CHECK_EQ(error, NETDB_INTERNAL);
    return NULL;
}

int main(void) {
    u_tick_start();
    u_join(u_spawn(all, NULL));
    all(NULL);
    u_tick_end();
    return 0;
}
