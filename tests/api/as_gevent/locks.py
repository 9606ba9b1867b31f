from support import *


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
