from support import *


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
