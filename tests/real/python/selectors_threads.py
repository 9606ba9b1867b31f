# select, poll, epoll and the selectors module: several threads, each in a
# wait of its own, woken by others; time-outs; a descriptor added meanwhile.
import select
import selectors
import socket
import threading
import time

results = {}


def with_select(r):
    return select.select([r], [], [], 30)[0] == [r]


def with_poll(r):
    p = select.poll()
    p.register(r, select.POLLIN)
    return p.poll(30_000) == [(r.fileno(), select.POLLIN)]


def with_epoll(r):
    with select.epoll() as e:
        e.register(r, select.EPOLLIN)
        return e.poll(30) == [(r.fileno(), select.EPOLLIN)]


def with_selector(kind):
    def wait(r):
        with kind() as s:
            s.register(r, selectors.EVENT_READ, "mine")
            return [(k.data, e) for k, e in s.select(30)] == [("mine", selectors.EVENT_READ)]

    return wait


ways = {
    "select": with_select,
    "poll": with_poll,
    "epoll": with_epoll,
    "SelectSelector": with_selector(selectors.SelectSelector),
    "PollSelector": with_selector(selectors.PollSelector),
    "EpollSelector": with_selector(selectors.EpollSelector),
}


def wait(key, way, r):
    results[key] = way(r) and r.recv(10) == b"x"


pairs, threads = [], []
for name, way in ways.items():
    for i in range(10):
        r, w = socket.socketpair()
        pairs.append((r, w))
        threads.append(threading.Thread(target=wait, args=((name, i), way, r)))
for t in threads:
    t.start()
time.sleep(0.05)
for _, w in reversed(pairs):
    w.send(b"x")
for t in threads:
    t.join(60)
for name in ways:
    print(name, [results.get((name, i)) for i in range(10)].count(True))

begin = time.monotonic()
print(select.select([pairs[0][0]], [], [], 0.1), select.select([], [], [], 0.05))
print("waited", 0.14 < time.monotonic() - begin < 5)

# One thread loops on a selector while others add descriptors to it.
with selectors.EpollSelector() as s:
    wake_r, wake_w = socket.socketpair()
    s.register(wake_r, selectors.EVENT_READ, "wake")
    counts = {}

    def loop():
        while True:
            for key, _ in s.select(30):
                if key.data == "wake":
                    return
                key.fileobj.recv(100)
                counts[key.data] = counts.get(key.data, 0) + 1

    looper = threading.Thread(target=loop)
    looper.start()
    for i in range(20):
        r, w = pairs[i]
        r.setblocking(False)
        s.register(r, selectors.EVENT_READ, i)
        w.send(b"new")
        while i not in counts:
            time.sleep(0.001)
    wake_w.send(b"w")
    looper.join(30)
    print("added", counts == {i: 1 for i in range(20)})
