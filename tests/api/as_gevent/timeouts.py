from support import *


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
