from support import *


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
