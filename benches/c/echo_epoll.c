/* echo_epoll: the yardstick, an echo server written by hand as one
 * level-triggered epoll loop. Prints `port N`; runs until it is killed. A
 * client keeps one message of 512 bytes under way, so a write never blocks. */
#include "echo.h"
#include <sys/epoll.h>

enum { EVENTS = 512 };

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void accept_one(int epoll, int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (fd < 0)
        return;
    no_delay(fd);
    watch(epoll, fd);
}

static void echo(int fd) {
    char buffer[MESSAGE];
    ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || write(fd, buffer, got) != got)
        close(fd);
}

int main(void) {
    struct epoll_event events[EVENTS];
    int listener = listen_and_tell();
    int epoll = must(epoll_create1(0), "epoll_create1");
    must(fcntl(listener, F_SETFL, O_NONBLOCK), "O_NONBLOCK");
    watch(epoll, listener);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        must(count < 0 && errno != EINTR ? -1 : 0, "epoll_wait");
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_one(epoll, listener);
            else
                echo(events[i].data.fd);
        }
    }
}
