"""What gevent does in the cases of as_gevent.rs, `name: what it logged` a line. Run with a
Python that has gevent: python3 tests/api/as_gevent.py > tests/api/as_gevent.txt"""

import os
import signal

import gevent
from gevent import GreenletExit, Timeout, event, lock, pool, queue
from gevent import local as locals_, select as select_, threadpool as threadpool_
from gevent import socket as sockets, subprocess as processes
from gevent.server import StreamServer

SOON, LONG = 0.002, 3600
gevent.get_hub().exception_stream = None


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def case(function):
    said = []
    function(lambda *words: said.append(" ".join(text(w) for w in words)))
    print(f"{function.__name__}: {'; '.join(said)}", flush=True)
    gevent.sleep(SOON)


def fails(function, *args, **kwargs):
    """Whether it raises."""
    try:
        function(*args, **kwargs)
        return False
    except (Exception, Timeout):
        return True


def listening():
    listener = sockets.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def killed(function, *args):
    try:
        function(*args)
        return False
    except GreenletExit:
        return True


def got(function, **kwargs):
    try:
        return function(**kwargs)
    except queue.Empty:
        return "Empty"
    except queue.ShutDown:
        return "ShutDown"


def put(function, item, **kwargs):
    try:
        function(item, **kwargs)
        return "put"
    except queue.Full:
        return "Full"
    except queue.ShutDown:
        return "ShutDown"


@case
def spawn_order(log):
    gevent.spawn(log, "a")
    gevent.spawn(log, "b")
    log("main")
    gevent.sleep(0)
    log("main2")


@case
def yield_round(log):
    def rounds(name):
        for i in range(3):
            log(name, i)
            gevent.sleep(0)
    gevent.joinall([gevent.spawn(rounds, n) for n in "abc"])


@case
def spawn_in_greenlet(log):
    def f():
        gevent.spawn(log, "child")
        log("f")
        gevent.sleep(0)
        log("f2")
    gevent.spawn(f)
    gevent.spawn(log, "b")
    gevent.sleep(0)
    log("main")
    gevent.sleep(0)
    log("main2")


@case
def join_zero(log):
    g = gevent.spawn(log, "ran")
    g.join(timeout=0)
    log(g.ready())

    def two():
        log("1")
        gevent.sleep(0)
        log("2")
    g = gevent.spawn(two)
    g.join(timeout=0)
    log(g.ready())
    g.join()


@case
def joinall_zero(log):
    all_ = [gevent.spawn(log, "a"), gevent.spawn(log, "b"), gevent.spawn(gevent.sleep, LONG)]
    log(len(gevent.joinall(all_, timeout=0)))


@case
def wait_zero(log):
    all_ = [gevent.spawn(log, "a"), gevent.spawn(log, "b"), gevent.spawn(gevent.sleep, LONG)]
    log([all_.index(g) for g in gevent.wait(all_, timeout=0)])


@case
def event_wait_zero(log):
    e = event.Event()
    gevent.spawn(log, "ran")
    log(e.wait(0))
    e.set()
    gevent.spawn(log, "ran2")
    log(e.wait(0))
    log(e.wait())
    gevent.sleep(0)


@case
def event_wait_zero_set(log):
    e = event.Event()
    gevent.spawn(e.set)
    log(e.wait(0))


@case
def event_set_order(log):
    e = event.Event()

    def waits(name):
        e.wait()
        log(name)
    for n in "abc":
        gevent.spawn(waits, n)
    gevent.sleep(0)
    e.set()
    log("set")
    gevent.spawn(log, "new")
    gevent.sleep(0)
    log("main")
    gevent.sleep(0)
    log("main2")


@case
def event_set_clear(log):
    e = event.Event()
    all_ = [gevent.spawn(lambda n: log(n, e.wait(LONG)), n) for n in "ab"]
    gevent.sleep(0)
    e.set()
    e.clear()
    gevent.joinall(all_)


@case
def event_time_out(log):
    e = event.Event()
    log(e.wait(SOON), e.is_set())


@case
def async_basic(log):
    r = event.AsyncResult()
    log(fails(r.get_nowait))
    log(r.wait(0) is not None, r.ready())
    for n in "ab":
        gevent.spawn(lambda n: log(n, r.get()), n)
    gevent.sleep(0)
    r.set(7)
    log("set")
    gevent.sleep(0)
    gevent.sleep(0)
    log(r.value, r.ready(), r.successful())


@case
def async_get_zero(log):
    r = event.AsyncResult()
    gevent.spawn(r.set, 3)
    log(r.get(timeout=0))


@case
def async_error(log):
    r = event.AsyncResult()
    r.set_exception(ValueError("x"))
    try:
        r.get()
    except ValueError as e:
        log("err", e)
    log(r.successful(), r.ready(), r.value is None)


@case
def queue_nowait(log):
    q = queue.Queue(1)
    log(got(q.get_nowait))
    q.put_nowait(1)
    log(put(q.put_nowait, 2))
    log(q.qsize(), q.full(), q.empty())


@case
def queue_get_zero(log):
    q = queue.Queue()
    gevent.spawn(q.put, 5)
    log(got(q.get, timeout=0))
    gevent.sleep(0)
    log(q.qsize())


@case
def queue_put_zero(log):
    q = queue.Queue(1)
    q.put(1)
    gevent.spawn(q.get)
    log(put(q.put, 2, timeout=0))


@case
def queue_getters(log):
    q = queue.Queue()
    all_ = [gevent.spawn(lambda n: log(n, q.get()), n) for n in "abc"]
    gevent.sleep(0)
    for i in range(3):
        q.put(i)
    gevent.joinall(all_)


@case
def queue_putters(log):
    q = queue.Queue(1)

    def puts(name):
        q.put(name)
        log("put", name)
    all_ = [gevent.spawn(puts, n) for n in "abc"]
    gevent.sleep(0)
    for _ in range(3):
        log(q.get())
        gevent.sleep(0)
        gevent.sleep(0)
    gevent.joinall(all_)


@case
def queue_peek(log):
    q = queue.Queue()
    q.put(1)
    log(q.peek(), q.peek(), q.get(), q.qsize())
    log(got(q.peek_nowait))
    g = gevent.spawn(lambda: log("peeked", q.peek()))
    gevent.sleep(0)
    q.put(9)
    g.join()
    log(q.qsize())


@case
def queue_orders(log):
    lifo, least = queue.LifoQueue(), queue.PriorityQueue()
    for i in (1, 2, 3):
        lifo.put(i)
    for i in (3, 1, 2):
        least.put(i)
    log(lifo.get(), lifo.peek(), lifo.get(), lifo.get())
    log(least.get(), least.peek(), least.get(), least.get())


@case
def queue_shutdown(log):
    q = queue.Queue()
    q.put(1)
    q.shutdown()
    log(put(q.put, 2))
    log(got(q.get), got(q.get), got(q.get_nowait))


@case
def queue_shutdown_wakes(log):
    full, empty = queue.Queue(1), queue.Queue()
    full.put(0)
    putter = gevent.spawn(lambda: log("p", put(full.put, 1)))
    getter = gevent.spawn(lambda: log("g", got(empty.get)))
    gevent.sleep(0)
    full.shutdown()
    empty.shutdown()
    gevent.joinall([putter, getter])
    log(full.qsize())


@case
def queue_shutdown_immediate(log):
    q = queue.JoinableQueue()
    q.put(1)
    q.put(2)
    q.shutdown(immediate=True)
    log(got(q.get))
    log(q.qsize(), q.unfinished_tasks, q.join(timeout=SOON))


@case
def queue_tasks(log):
    q = queue.JoinableQueue()
    q.put(1)
    log(q.unfinished_tasks, q.join(timeout=SOON))
    q.get()
    q.task_done()
    log(q.join(timeout=0), q.unfinished_tasks)
    log(fails(q.task_done))


@case
def channel(log):
    c = queue.Channel()

    def puts():
        c.put(1)
        log("put")
    g = gevent.spawn(puts)
    gevent.sleep(0)
    log(c.balance)
    log(c.get())
    g.join()
    log(c.balance)
    log(put(c.put_nowait, 1))
    log(got(c.get_nowait))
    g = gevent.spawn(lambda: log("got", c.get()))
    gevent.sleep(0)
    log(c.balance)
    c.put_nowait(4)
    g.join()
    log(c.balance)


@case
def semaphore(log):
    s = lock.Semaphore(2)
    log(s.counter, s.locked())
    s.acquire()
    log(s.acquire(blocking=False))
    log(s.acquire(blocking=False), s.locked())
    log(s.acquire(timeout=0))
    s.release()
    log(s.counter, s.wait(), s.counter)


@case
def semaphore_zero(log):
    s = lock.Semaphore(0)
    gevent.spawn(s.release)
    log(s.acquire(timeout=0))
    gevent.sleep(0)
    log(s.counter)


@case
def semaphore_nowait(log):
    s = lock.Semaphore(0)
    gevent.spawn(s.release)
    log(s.acquire(blocking=False))
    gevent.sleep(0)
    log(s.counter)


@case
def semaphore_order(log):
    s = lock.Semaphore(0)

    def acquires(name):
        s.acquire()
        log(name)
    all_ = [gevent.spawn(acquires, n) for n in "abc"]
    gevent.sleep(0)
    s.release()
    log("released")
    s.release()
    s.release()
    gevent.joinall(all_)
    log(s.counter)


@case
def semaphore_wait(log):
    s = lock.Semaphore(0)

    def waits():
        log("wait", s.wait())
        log(s.counter)
    g = gevent.spawn(waits)
    gevent.sleep(0)
    s.release()
    g.join()
    log(s.counter, s.wait(0))
    s.acquire()
    log(s.wait(0), s.wait(SOON))


@case
def semaphore_bounded(log):
    s = lock.BoundedSemaphore(1)
    log(fails(s.release), s.counter)
    s.acquire()
    s.release()
    log(s.counter)


@case
def rlock(log):
    r = lock.RLock()
    r.acquire()
    r.acquire()
    log(bool(r.locked()))
    gevent.spawn(lambda: log("other", r.acquire(blocking=False))).join()
    r.release()
    log(bool(r.locked()))
    r.release()
    log(bool(r.locked()))


@case
def group(log):
    g = pool.Group()
    x = g.spawn(gevent.sleep, LONG)
    g.spawn(log, "y")
    log(len(g))
    log(g.join(0.01), len(g))
    g.kill()
    log(len(g), x.ready(), g.join())


@case
def group_map(log):
    def square(n):
        for _ in range(9 * (4 - n)):
            gevent.sleep(0)
        return n * n

    def bad(n):
        if n == 2:
            raise OSError
        return n
    g = pool.Group()
    log(g.map(square, [1, 2, 3]))
    log(list(g.imap(square, [1, 2, 3])))
    log(list(g.imap_unordered(square, [1, 2, 3])))
    some, it = [], g.imap(bad, [1, 2, 3])
    for _ in range(3):
        try:
            some.append(next(it))
        except OSError:
            some.append(0)
    log(some)


@case
def group_kill_unstarted(log):
    g = pool.Group()
    g.spawn(log, "never")
    g.kill()
    log(len(g))


@case
def group_add(log):
    g = pool.Group()
    g.add(gevent.spawn(log, "x"))
    log(len(g))
    g.join()
    log(len(g))


@case
def group_discard(log):
    g = pool.Group()
    x = g.spawn(gevent.sleep, LONG)
    g.discard(x)
    log(len(g), g.join(SOON))


@case
def pool_full(log):
    p = pool.Pool(2)
    log(p.free_count(), p.full(), p.wait_available(0))
    end = event.Event()
    a, b = p.spawn(gevent.sleep, 0.05), p.spawn(end.wait)
    log(p.free_count(), p.full(), p.wait_available(0))
    log(fails(p.add, gevent.Greenlet(log, "no"), blocking=False))
    p.spawn(log, "c")
    log(a.ready(), b.ready())
    end.set()
    p.join()
    log(len(p))


@case
def pool_apply_inside(log):
    p = pool.Pool(1)
    log(p.apply(lambda: p.apply(lambda: 5)))


@case
def pool_imap_maxsize(log):
    def f(n):
        log("f", n)
        return n
    it = pool.Pool(1).imap(f, range(4), maxsize=1)
    for _ in range(8):
        gevent.sleep(0)
    log(next(it))
    for _ in range(8):
        gevent.sleep(0)
    log(list(it))


@case
def timeout_nested(log):
    outer = Timeout.start_new(LONG)
    inner = Timeout.start_new(0.005)
    try:
        gevent.sleep(LONG)
    except Timeout as t:
        log(t is inner)
    log(outer.pending)
    outer.close()
    outer = Timeout.start_new(0.005)
    inner = Timeout.start_new(LONG)
    try:
        gevent.sleep(LONG)
    except Timeout as t:
        log(t is outer)
    inner.close()


@case
def timeout_zero_sleep(log):
    try:
        with Timeout(0):
            gevent.sleep(0.01)
            log("slept")
    except Timeout:
        log(True)


@case
def timeout_value(log):
    with Timeout(0.003, False):
        gevent.sleep(LONG)
        log("not reached")
    log(True)
    log(gevent.with_timeout(0.003, gevent.sleep, LONG, timeout_value="v"))


@case
def timeout_pending(log):
    t = Timeout.start_new(LONG)
    log(t.pending)
    t.close()
    t = Timeout.start_new(None)
    log(t.pending)
    t.close()


@case
def timeout_once(log):
    t = Timeout.start_new(0.003)
    first = fails(gevent.sleep, LONG)
    log(first, t.pending)
    gevent.sleep(0.005)
    log("second")
    t.close()


@case
def kill_unstarted(log):
    g = gevent.spawn(log, "ran")
    g.kill()
    log(g.ready())


@case
def kill_running(log):
    def f():
        log("exit", killed(gevent.sleep, LONG))
        gevent.sleep(0.001)
        log("cleanup")
    g = gevent.spawn(f)
    gevent.sleep(0)
    g.kill()
    log(g.ready(), g.successful())
    g.kill()


@case
def kill_nowait(log):
    def f():
        try:
            gevent.sleep(LONG)
        finally:
            log("finally")
    g = gevent.spawn(f)
    gevent.sleep(0)
    g.kill(block=False)
    log(g.ready())
    gevent.sleep(0)
    log(g.ready())


@case
def kill_timeout(log):
    def f():
        killed(gevent.sleep, LONG)
        gevent.sleep(LONG)
    g = gevent.spawn(f)
    gevent.sleep(0)
    g.kill(timeout=SOON)
    log(g.ready())


@case
def kill_after_item(log):
    q = queue.Queue()

    def f():
        def inner():
            log("got", q.get())
            gevent.sleep(LONG)
            log("slept")
        log(killed(inner))
    g = gevent.spawn(f)
    gevent.sleep(0)
    q.put(1)
    g.kill(block=False)
    g.join()
    log(q.qsize())


@case
def killall(log):
    def f(name):
        try:
            gevent.sleep(LONG)
        finally:
            log(name)
    all_ = [gevent.spawn(f, n) for n in "ab"]
    gevent.sleep(0)
    all_.append(gevent.spawn(f, "never"))
    gevent.killall(all_)
    log(*[g.ready() for g in all_])


@case
def links(log):
    g = gevent.spawn(lambda: 1)
    g.link(lambda _: log("link"))
    g.link_value(lambda _: log("value"))
    g.link_exception(lambda _: log("exception"))
    none = lambda _: log("unlinked")
    g.link(none)
    g.unlink(none)
    g.join()
    gevent.sleep(0.001)
    log(bool(g.has_links()))


@case
def iwait(log):
    e, g, a = event.Event(), gevent.spawn(gevent.sleep, 0.004), event.AsyncResult()
    gevent.spawn_later(0.15, e.set)
    a.set(1)
    all_ = [e, g, a]
    log([all_.index(one) for one in gevent.iwait(all_)])


@case
def wait_count(log):
    naps = [gevent.spawn(gevent.sleep, n) for n in (0.4, 0.001, 0.15)]
    log([naps.index(g) for g in gevent.wait(naps, count=2)])


@case
def joinall_raise(log):
    def bad():
        raise ValueError
    both = [gevent.spawn(gevent.sleep, LONG), gevent.spawn(bad)]
    log(fails(gevent.joinall, both, raise_error=True), both[0].ready())


@case
def local(log):
    values = locals_.local()
    values.n = 1

    def other():
        log(getattr(values, "n", 0))
        values.n = 2
    gevent.spawn(other).join()
    log(values.n)


@case
def idle(log):
    def f():
        for i in range(3):
            log(i)
            gevent.sleep(0)
    gevent.spawn(f)
    gevent.idle()
    log("idle")


@case
def later_zero(log):
    later = gevent.spawn_later(0, log, "later")
    gevent.spawn(log, "now")
    later.join()


@case
def sleep_order(log):
    def f(name, span):
        gevent.sleep(span)
        log(name)
    gevent.joinall([gevent.spawn(f, n, s) for n, s in (("a", 0.3), ("b", 0.1), ("c", 0))])


@case
def threadpool(log):
    p = threadpool_.ThreadPool(2)
    log(p.map(lambda n: n * 2, [1, 2, 3]))
    log(p.spawn(lambda: 4).get(), p.apply(lambda: 6))
    p.join()
    log(p.maxsize)


@case
def select(log):
    r, w = os.pipe()
    now = select_.select([r], [w], [], 0)
    log(len(now[0]), len(now[1]))
    os.write(w, b"x")
    log(len(select_.select([r], [], [])[0]))
    gevent.spawn(log, "ran")
    log(select_.select([], [], [], 0) == ([], [], []))
    poll = select_.poll()
    poll.register(r, select_.POLLIN)
    log(poll.poll(0)[0][1])
    os.read(r, 1)
    log(len(poll.poll(0)))
    os.close(w)
    log(len(poll.poll()))
    log(not fails(poll.unregister, 999))
    os.close(r)
    log(poll.poll(0)[0][1])
    try:
        select_.select([r], [], [], 0)
    except OSError as e:
        log(e.errno)


@case
def poll_zero(log):
    r, w = os.pipe()
    gevent.spawn(log, "ran")
    poll = select_.poll()
    poll.register(r, select_.POLLIN)
    log(len(poll.poll(0)))
    os.close(r)
    os.close(w)


@case
def socket(log):
    listener = listening()
    address = listener.getsockname()

    def serves():
        accepted, _ = listener.accept()
        log(accepted.recv(10).decode())
        log(len(accepted.recv(10)))
        accepted.close()
        listener.close()
    g = gevent.spawn(serves)
    client = sockets.create_connection(address)
    client.settimeout(SOON)
    log(fails(client.recv, 1))
    client.sendall(b"hello")
    client.close()
    g.join()
    try:
        sockets.create_connection(address)
    except OSError as e:
        log(e.errno)


@case
def server(log):
    def handle(accepted, _):
        try:
            accepted.sendall(b"x")
            gevent.sleep(LONG)
        finally:
            log("ended")
    served = StreamServer(("127.0.0.1", 0), handle, spawn=pool.Pool(2))
    log(served.started)
    served.start()
    log(served.started)
    clients = [sockets.create_connection(served.address) for _ in range(3)]
    clients[2].settimeout(0.1)
    for client in clients:
        log(not fails(client.recv, 1))
    served.stop(SOON)
    log(served.started)


@case
def subprocess(log):
    cat = processes.Popen("cat", stdin=processes.PIPE, stdout=processes.PIPE)
    said = cat.communicate(b"in")[0]
    log(said.decode(), cat.returncode)
    child = processes.Popen("exec sleep 3600", shell=True)
    log(child.poll() is None, fails(child.wait, SOON))
    child.terminate()
    child.wait()
    log(child.returncode)
    log(processes.call("exit 3", shell=True))
    log(fails(processes.check_call, "exit 3", shell=True))
    log(processes.check_output("printf out", shell=True).decode())
    log(fails(processes.run, "exec sleep 3600", shell=True, timeout=SOON))


@case
def signals(log):
    told = event.Event()

    def handles():
        log("signal")
        gevent.sleep(0.001)
        told.set()
    handler = gevent.signal_handler(signal.SIGUSR1, handles)
    signal.raise_signal(signal.SIGUSR1)
    log("raised")
    log(told.wait())
    handler.cancel()


@case
def callbacks(log):
    g = pool.Group()
    g.apply_cb(lambda: 3, callback=lambda v: log("callback", v))
    gevent.sleep(0.001)
    log(g.map_async(lambda n: n + 1, [1, 2]).get())
