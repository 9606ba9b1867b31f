"""What the cases of all files here use. A case logs; what it has logged is one line."""

import os
import signal

import gevent
from gevent import GreenletExit, Timeout, event, lock, pool, queue
from gevent import fileobject as files, os as os_, util, monkey
from gevent import local as locals_, select as select_, threadpool as threadpool_
from gevent import socket as sockets, subprocess as processes
from gevent.backdoor import BackdoorServer
from gevent.server import DatagramServer, StreamServer

SOON, LONG = 0.002, 3600
gevent.get_hub().exception_stream = None


def text(value):
    return str(value).lower() if isinstance(value, bool) else str(value)


def case(function):
    said = []
    function(lambda *words: said.append(" ".join(text(w) for w in words)))
    print(f"{function.__name__}: {'; '.join(said)}", flush=True)
    gevent.sleep(SOON)


def fails(function, *args, **kwargs):
    """Whether it raises."""
    try:
        function(*args, **kwargs)
        return False
    except (Exception, Timeout):
        return True


def listening():
    listener = sockets.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def killed(function, *args):
    try:
        function(*args)
        return False
    except GreenletExit:
        return True


def got(function, **kwargs):
    try:
        return function(**kwargs)
    except queue.Empty:
        return "Empty"
    except queue.ShutDown:
        return "ShutDown"


def put(function, item, **kwargs):
    try:
        function(item, **kwargs)
        return "put"
    except queue.Full:
        return "Full"
    except queue.ShutDown:
        return "ShutDown"
