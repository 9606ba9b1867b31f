from support import *


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
def callbacks(log):
    g = pool.Group()
    g.apply_cb(lambda: 3, callback=lambda v: log("callback", v))
    gevent.sleep(0.001)
    log(g.map_async(lambda n: n + 1, [1, 2]).get())
