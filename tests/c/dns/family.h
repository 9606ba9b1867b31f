/* Every function that asks a name server, against one that answers after MS milliseconds. */
static unsigned char answer[512];
static char buffer[2048]; /* glibc 2.31 wants more than 512 for an address's name */
static struct hostent entry, *result;
static int error;

static int host_is(const struct hostent *h, int n) {
    return h && h->h_length == 4 && (unsigned char)h->h_addr[0] == 10 && (unsigned char)h->h_addr[3] == n;
}
static int named(const struct hostent *h, const char *name) { return h && strcmp(h->h_name, name) == 0; }
/* The answer has one record, whose last byte is n. */
static int answers(int length, int n) { return length > 12 && answer[7] == 1 && answer[length - 1] == n; }

static int question(const char *name, unsigned char *text, int size) {
    int n = res_mkquery(ns_o_query, name, ns_c_in, ns_t_a, NULL, 0, NULL, text, size);
    CHECK(n > 12);
    return n;
}

static struct sockaddr_in host(int n) {
    struct sockaddr_in a = u_addr(80);
    a.sin_addr.s_addr = htonl(10u << 24 | 9 << 16 | n);
    return a;
}

static int ask(int function) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    struct sockaddr_in a = host(7);
    unsigned char text[256];
    int n;
    switch (function) {
    case 0:
        if (getaddrinfo("h7.example.", NULL, &hints, &found) != 0) return 0;
        n = ntohl(((struct sockaddr_in *)found->ai_addr)->sin_addr.s_addr) & 255;
        freeaddrinfo(found);
        return n == 7;
    case 1:
        n = getnameinfo((struct sockaddr *)&a, sizeof a, buffer, sizeof buffer, NULL, 0, NI_NAMEREQD);
        return n == 0 && strcmp(buffer, "h7.example") == 0;
    case 2: return host_is(gethostbyname("h7.example."), 7);
    case 3: return host_is(gethostbyname2("h7.example.", AF_INET), 7);
    case 4:
        n = gethostbyname_r("h7.example.", &entry, buffer, sizeof buffer, &result, &error);
        return n == 0 && host_is(result, 7);
    case 5:
        n = gethostbyname2_r("h7.example.", AF_INET, &entry, buffer, sizeof buffer, &result, &error);
        return n == 0 && host_is(result, 7);
    case 6: return named(gethostbyaddr(&a.sin_addr, 4, AF_INET), "h7.example");
    case 7:
        n = gethostbyaddr_r(&a.sin_addr, 4, AF_INET, &entry, buffer, sizeof buffer, &result, &error);
        return n == 0 && named(result, "h7.example");
    case 8: return answers(res_query("h7.example.", ns_c_in, ns_t_a, answer, sizeof answer), 7);
    case 9: return answers(res_search("h7.example.", ns_c_in, ns_t_a, answer, sizeof answer), 7);
    case 10: return answers(res_querydomain("h7", "example.", ns_c_in, ns_t_a, answer, sizeof answer), 7);
    case 11:
        n = question("h7.example.", text, sizeof text);
        return answers(res_send(text, n, answer, sizeof answer), 7);
    case 12: return answers(res_nquery(&_res, "h7.example.", ns_c_in, ns_t_a, answer, sizeof answer), 7);
    case 13: return answers(res_nsearch(&_res, "h7.example.", ns_c_in, ns_t_a, answer, sizeof answer), 7);
    case 14:
        return answers(res_nquerydomain(&_res, "h7", "example.", ns_c_in, ns_t_a, answer, sizeof answer), 7);
    case 15:
        n = question("h7.example.", text, sizeof text);
        return answers(res_nsend(&_res, text, n, answer, sizeof answer), 7);
    /* failures, and where they are told */
    case 16:
        h_errno = 0;
        return gethostbyname("nobody.example.") == NULL && h_errno == NO_DATA;
    case 17:
        h_errno = 0;
        return res_query("nobody.example.", ns_c_in, ns_t_a, answer, sizeof answer) == -1 && h_errno == NO_DATA;
    default: return -1;
    }
}

static int port;
static void *all(void *arg) {
    (void)arg;
    ns_use(port);
    _res.retrans = 10;
    for (int i = 0; ask(i) >= 0; i++) {
        int right, before;
        /* A busy machine may run nothing for a while, but not each time. */
        for (int tries = 5; tries > 0; tries--) {
            before = ns_ticks();
            int64_t t0 = now_ms();
            right = ask(i);
            CHECK(now_ms() - t0 >= MS);
            if (!MS || !preloaded() || ns_ticks() - before >= ENOUGH_TICKS) break;
        }
        printf("%d %s\n", i, right ? "right" : "wrong");
        if (MS) ns_ticked(before, MS);
    }
    return NULL;
}

int main(void) {
    if (!ns_asked()) return 0;
    int s = u_bound(SOCK_DGRAM, &port);
    pid_t server = ns_start(s, MS);
    pthread_t ticker = u_spawn(ns_tick_fn, NULL);
    u_join(u_spawn(all, NULL));
    ns_stop_ = 1;
    u_join(ticker);
    ns_stop(server);
    return 0;
}
