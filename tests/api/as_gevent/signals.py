from support import *


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


def told(log, word):
    return lambda: log(word)


@case
def signal_again(log):
    handler = gevent.signal_handler(signal.SIGUSR1, told(log, "signal"))
    for _ in range(2):
        signal.raise_signal(signal.SIGUSR1)
        gevent.sleep(0.2)
    handler.cancel()
    log("end")


@case
def signal_cancelled(log):
    handler = gevent.signal_handler(signal.SIGUSR1, told(log, "signal"))
    handler.cancel()
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.raise_signal(signal.SIGUSR1)
    gevent.sleep(0.1)
    signal.signal(signal.SIGUSR1, before)
    log("end")


@case
def signal_does_not_end_a_sleep(log):
    handler = gevent.signal_handler(signal.SIGUSR1, told(log, "signal"))
    gevent.spawn_later(SOON, signal.raise_signal, signal.SIGUSR1)
    gevent.sleep(0.3)
    log("slept")
    handler.cancel()


@case
def signal_may_wait(log):
    def handles():
        log("begins")
        gevent.sleep(0.1)
        log("ends")
    handler = gevent.signal_handler(signal.SIGUSR1, handles)
    signal.raise_signal(signal.SIGUSR1)
    gevent.sleep(0.05)
    signal.raise_signal(signal.SIGUSR1)
    gevent.sleep(0.4)
    handler.cancel()


@case
def signal_two(log):
    handlers = [gevent.signal_handler(s, told(log, n)) for s, n in
                ((signal.SIGUSR1, "one"), (signal.SIGUSR2, "two"))]
    signal.raise_signal(signal.SIGUSR2)
    gevent.sleep(0.1)
    signal.raise_signal(signal.SIGUSR1)
    gevent.sleep(0.1)
    for handler in handlers:
        handler.cancel()


@case
def signal_none(log):
    log(fails(gevent.signal_handler, 999, lambda: None))
