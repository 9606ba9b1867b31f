from support import *


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
