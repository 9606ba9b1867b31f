from support import *


@case
def tree_children(log):
    def parent():
        g = gevent.spawn(gevent.sleep, LONG)
        g.name = "twig"
        gevent.sleep(LONG)
    p = gevent.spawn(parent)
    p.name = "branch"
    gevent.sleep(0)
    text = "\n".join(util.format_run_info(thread_stacks=False))
    log("branch" in text, "twig" in text)
    p.kill()
    del p
    text = "\n".join(util.format_run_info(thread_stacks=False))
    log("twig" in text)


@case
def tree_unstarted(log):
    g = gevent.spawn(lambda: None)
    g.name = "unstarted"
    log("unstarted" in "\n".join(util.format_run_info(thread_stacks=False)))
    g.join()


@case
def assert_switches(log):
    def checked(f):
        with util.assert_switches():
            f()
    log(fails(checked, lambda: None), fails(checked, lambda: gevent.sleep(0)))
    log(fails(checked, lambda: gevent.sleep(SOON)))
    e = event.Event()
    e.set()
    log(fails(checked, e.wait))
    q = queue.Queue()
    log(fails(checked, lambda: q.put(1)), fails(checked, lambda: q.get()))
    log(fails(checked, lambda: gevent.spawn(lambda: None)), fails(checked, lambda: gevent.spawn(lambda: None).join()))


@case
def assert_switches_raises(log):
    def checked():
        with util.assert_switches():
            raise KeyError
    try:
        checked()
    except Exception as e:
        log(isinstance(e, KeyError))


@case
def assert_switches_value(log):
    with util.assert_switches():
        value = gevent.spawn(lambda: 7).get()
    log(value)
