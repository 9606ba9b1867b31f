/* echo_threads: an echo server of one thread per connection, with blocking
 * calls. Prints `port N`; runs until it is killed. */
#include "echo.h"

static int send_all(int fd, const char *data, ssize_t size) {
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        data += sent;
        size -= sent;
    }
    return 0;
}

static void *serve(void *arg) {
    int fd = (int)(long)arg;
    char buffer[MESSAGE];
    for (;;) {
        ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || send_all(fd, buffer, got))
            break;
    }
    close(fd);
    return NULL;
}

int main(void) {
    pthread_attr_t attr;
    check(pthread_attr_init(&attr), "pthread_attr_init");
    check(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED), "detached");
    int listener = listen_and_tell();
    for (;;) {
        pthread_t thread;
        long fd = accept(listener, NULL, NULL);
        if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
            continue;
        must(fd, "accept");
        no_delay(fd);
        check(pthread_create(&thread, &attr, serve, (void *)fd), "pthread_create");
    }
}
