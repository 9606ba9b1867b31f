import threading
import time

from support import *

# A process each: what is patched stays so. The other side is in tests/monkey.


def alone(function):
    child = os.fork()
    if child == 0:
        case(function)
        os._exit(0)
    os.waitpid(child, 0)


def patched(*modules):
    return [monkey.is_module_patched(m) for m in modules]


@alone
def nothing_is_patched(log):
    log(*patched("socket", "threading", "time", "nonsense"))


@alone
def one_by_one(log):
    monkey.patch_time()
    log(*patched("time", "socket", "select", "threading"))
    monkey.patch_socket(dns=False)
    log(*patched("time", "socket", "select", "threading"))


@alone
def all_of_them(log):
    monkey.patch_all()
    log(*patched("time", "socket", "select", "threading", "os", "subprocess", "signal"))


@alone
def all_but_one(log):
    monkey.patch_all(select=False)
    log(*patched("time", "socket", "select", "threading"))


@alone
def twice(log):
    monkey.patch_all()
    monkey.patch_all()
    log(*patched("time"))


@alone
def threads(log):
    monkey.patch_all()

    def f(name, span):
        log(name, "start")
        time.sleep(span)
        log(name, "end")
    all_ = [threading.Thread(target=f, args=a) for a in (("foo", 0.6), ("bar", 0.4), ("eat", 0.2))]
    for t in all_:
        t.start()
    for t in all_:
        t.join()


@alone
def locks_and_queues(log):
    monkey.patch_all()
    import queue as queues
    q, out = queues.Queue(), queues.Queue()

    def works():
        while (n := q.get()) is not None:
            out.put(n * 2)
    t = threading.Thread(target=works)
    t.start()
    for n in (1, 2, 3):
        q.put(n)
    q.put(None)
    t.join()
    log(*[out.get() for _ in range(3)])


@alone
def sockets_of_threads(log):
    monkey.patch_all()
    import socket
    a, b = socket.socketpair()
    t = threading.Thread(target=lambda: log("got", b.recv(9).decode()))
    t.start()
    time.sleep(0.01)
    log("sends")
    a.sendall(b"x")
    t.join()


@alone
def greenlets_beside_threads(log):
    monkey.patch_all()
    said = threading.Event()
    t = threading.Thread(target=lambda: (said.wait(), log("thread")))
    t.start()
    g = gevent.spawn(lambda: (log("greenlet"), said.set()))
    t.join()
    g.join()


@alone
def thread_locals(log):
    monkey.patch_all()
    values = threading.local()
    values.n = 1

    def f():
        log(getattr(values, "n", 0))
        values.n = 2
    t = threading.Thread(target=f)
    t.start()
    t.join()
    log(values.n)
