"""Prints gevent's public names, `module name` or `module.Class name` a line: the list that
docs/gevent.md is held against (tests/api/gevent_table.rs). Run with a Python that has
gevent: python3 tests/api/gevent_names.py > tests/api/gevent_names.txt"""

import importlib
import pkgutil

import gevent

# These have the standard library's names; what gevent makes of them is said here.
MIRRORS = {"os", "select", "selectors", "signal", "socket", "ssl", "subprocess", "thread",
           "threading", "time"}
CLASSES = ["Greenlet", "Timeout", "event.Event", "event.AsyncResult", "lock.Semaphore",
           "lock.BoundedSemaphore", "lock.RLock", "queue.Queue", "queue.Channel", "pool.Group",
           "pool.Pool", "threadpool.ThreadPool", "server.StreamServer", "server.DatagramServer",
           "subprocess.Popen", "hub.Hub", "util.GreenletTree", "backdoor.BackdoorServer"]
# These say in their documentation more than in __all__.
MORE = ["exceptions", "monkey", "baseserver"]
# What modules have of others.
BORROWED = {"Event", "Greenlet", "get_hub", "GeventDidPatchEvent", "notify_and_call_entry_points"}


def names_of(module):
    if module.__name__.removeprefix("gevent.") in MIRRORS:
        for kind in ("__implements__", "__extensions__"):
            yield from getattr(module, kind, None) or []
    else:
        yield from getattr(module, "__all__", [])


def found():
    for info in pkgutil.iter_modules(gevent.__path__):
        if info.name.startswith("_"):
            continue
        yield "gevent", info.name
        if info.name in ("testing", "tests", "win32util", "libev", "libuv", "ares", "resolver_ares",
                         "core", "builtins", "resolver"):
            # gevent's own insides, or not there on every system.
            continue
        module = importlib.import_module(f"gevent.{info.name}")
        for name in names_of(module):
            yield info.name, name
    for name in names_of(gevent):
        yield "gevent", name
    for path in CLASSES:
        at = gevent
        for part in path.split("."):
            at = getattr(at, part)
        for name in set(dir(at)) - set(dir(Exception)):
            yield path, name
    for module in MORE:
        at = importlib.import_module(f"gevent.{module}")
        for name in set(dir(at)) - BORROWED:
            if str(getattr(getattr(at, name), "__module__", "")).startswith("gevent."):
                yield module, name


for where, name in sorted(set(found())):
    if not name.startswith("_"):
        print(where, name)
