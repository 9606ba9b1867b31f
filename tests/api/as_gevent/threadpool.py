from support import *


@case
def threadpool(log):
    p = threadpool_.ThreadPool(2)
    log(p.map(lambda n: n * 2, [1, 2, 3]))
    log(p.spawn(lambda: 4).get(), p.apply(lambda: 6))
    p.join()
    log(p.maxsize)


@case
def threadpool_error(log):
    p = threadpool_.ThreadPool(1)

    def bad():
        raise ValueError("no")
    log(fails(p.apply, bad), fails(p.spawn(bad).get), p.apply(lambda: 1))


@case
def threadpool_does_not_stop_others(log):
    import time
    p = threadpool_.ThreadPool(1)
    slow = p.spawn(time.sleep, 0.2)
    gevent.spawn(log, "ran")
    gevent.sleep(0.01)
    log(slow.ready())
    slow.get()
    log(slow.ready())


@case
def threadpool_full(log):
    import time
    p = threadpool_.ThreadPool(1)
    p.spawn(time.sleep, 0.2)
    g = gevent.spawn(lambda: log(p.spawn(lambda: "second").get()))
    gevent.sleep(0.01)
    log("meanwhile")
    g.join()
    log(p.size)


@case
def threadpool_kill(log):
    p = threadpool_.ThreadPool(3)
    p.map(lambda n: n, range(3))
    p.kill()
    log(p.size, p.apply(lambda: 1))


@case
def threadpool_join(log):
    import time
    p = threadpool_.ThreadPool(2)
    done = []
    for n in range(2):
        p.spawn(lambda: (time.sleep(0.05), done.append(n)))
    p.join()
    log(len(done))


@case
def threadpool_wait_killed(log):
    import time
    p = threadpool_.ThreadPool(1)
    done = []
    slow = p.spawn(lambda: (time.sleep(0.1), done.append(1)))
    g = gevent.spawn(lambda: log("killed", killed(slow.get)))
    gevent.sleep(0)
    g.kill()
    p.join()
    log(len(done))


@case
def threadpool_timeout(log):
    import time
    p = threadpool_.ThreadPool(1)
    slow = p.spawn(time.sleep, 0.2)
    with Timeout(SOON, False):
        slow.get()
        log("not reached")
    log(slow.ready())
    slow.get()


@case
def threadpool_default(log):
    log(gevent.get_hub().threadpool.maxsize, gevent.get_hub().threadpool.apply(lambda: 3))
