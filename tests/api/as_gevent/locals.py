from support import *


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
def local_first(log):
    class Mine(locals_.local):
        def __init__(self):
            log("made")
            self.n = 0
    values = Mine()
    values.n = 5
    g = gevent.spawn(lambda: log(values.n))
    g.join()
    log(values.n)


@case
def local_ends(log):
    class Told:
        def __del__(self):
            log("dropped")
    values = locals_.local()

    def f():
        values.told = Told()
        gevent.sleep(0)
        log("ends")
    gevent.spawn(f).join()
    gevent.sleep(0)
    log("joined")


@case
def local_killed(log):
    class Told:
        def __del__(self):
            log("dropped")
    values = locals_.local()

    def f():
        values.told = Told()
        gevent.sleep(LONG)
    g = gevent.spawn(f)
    gevent.sleep(0)
    g.kill()
    gevent.sleep(0)
    log("killed")


@case
def local_deleted(log):
    values = locals_.local()
    values.n = 1

    def f():
        values.n = 2
        del values.n
        log(getattr(values, "n", 0))
    gevent.spawn(f).join()
    log(values.n)


@case
def local_not_inherited(log):
    values = locals_.local()

    def f():
        values.n = 1
        gevent.spawn(lambda: log(getattr(values, "n", 0))).join()
        log(values.n)
    gevent.spawn(f).join()


@case
def local_two(log):
    a, b = locals_.local(), locals_.local()
    a.n, b.n = 1, 2
    log(a.n, b.n)


@case
def local_across_waits(log):
    values = locals_.local()

    def f(n):
        values.n = n
        for _ in range(3):
            gevent.sleep(0)
            values.n += 10
        log(values.n)
    gevent.joinall([gevent.spawn(f, n) for n in range(3)])
