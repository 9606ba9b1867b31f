/* fd_pingpong N pipe|socketpair: one byte goes back and forth between two
 * threads. Prints ns per switch (2 N switches). */
#include "common.h"
#include <sys/socket.h>

struct end {
    int in, out;
};

static long rounds;

static void send_byte(const struct end *end) {
    char byte = 'x';
    must(write(end->out, &byte, 1) == 1 ? 0 : -1, "write");
}

static void receive_byte(const struct end *end) {
    char byte;
    must(read(end->in, &byte, 1) == 1 ? 0 : -1, "read");
}

static void *other(void *arg) {
    for (long i = 0; i < rounds; i++) {
        receive_byte(arg);
        send_byte(arg);
    }
    return NULL;
}

static void open_ends(const char *kind, struct end *here, struct end *there) {
    int one[2], two[2];
    if (!strcmp(kind, "socketpair")) {
        must(socketpair(AF_UNIX, SOCK_STREAM, 0, one), "socketpair");
        *here = (struct end){one[0], one[0]};
        *there = (struct end){one[1], one[1]};
        return;
    }
    must(pipe(one), "pipe");
    must(pipe(two), "pipe");
    *here = (struct end){one[0], two[1]};
    *there = (struct end){two[0], one[1]};
}

int main(int argc, char **argv) {
    pthread_t thread;
    struct end here, there;
    rounds = arg_long(argc, argv, 1, 10000);
    open_ends(arg_text(argc, argv, 2, "pipe"), &here, &there);
    check(pthread_create(&thread, NULL, other, &there), "pthread_create");
    long long start = now_ns();
    for (long i = 0; i < rounds; i++) {
        send_byte(&here);
        receive_byte(&here);
    }
    long long elapsed = now_ns() - start;
    check(pthread_join(thread, NULL), "pthread_join");
    print_ns_per_op(elapsed, 2 * rounds);
    return 0;
}
