"""The works of benches/api/works.rs, with gevent: WORK N."""

import socket
import sys
import time

import gevent
from gevent.event import Event
from gevent.lock import Semaphore
from gevent.queue import Queue
from gevent.server import StreamServer


def noop():
    pass


def spawn(n):
    gevent.joinall([gevent.spawn(noop) for _ in range(n)])


def spawn_batches(n):
    for _ in range(n // 100):
        gevent.joinall([gevent.spawn(noop) for _ in range(100)])


def both(f):
    gevent.joinall([gevent.spawn(f, me) for me in range(2)])


def switch(n):
    def turns(me):
        for _ in range(n // 2):
            gevent.sleep(0)

    both(turns)


def event(n):
    events = [Event(), Event()]

    def turns(me):
        for _ in range(n // 2):
            if me == 0:
                events[1].set()
            events[me].wait()
            events[me].clear()
            if me == 1:
                events[0].set()

    both(turns)


def queue(n):
    queues = [Queue(), Queue()]

    def turns(me):
        for i in range(n // 2):
            if me == 0:
                queues[1].put(i)
            queues[me].get()
            if me == 1:
                queues[0].put(i)

    both(turns)


def semaphore(n):
    semaphores = [Semaphore(0), Semaphore(0)]

    def turns(me):
        for _ in range(n // 2):
            if me == 0:
                semaphores[1].release()
            semaphores[me].acquire()
            if me == 1:
                semaphores[0].release()

    both(turns)


def echo():
    def serve(connection, address):
        try:
            echo_all(connection)
        except ConnectionError:
            pass

    def echo_all(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            data = connection.recv(4096)
            if not data:
                return
            connection.sendall(data)

    server = StreamServer(("127.0.0.1", 0), serve, backlog=4096)
    server.init_socket()
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"reno")
    print("port", server.server_port, flush=True)
    server.serve_forever()


def main():
    name, n = sys.argv[1], int(sys.argv[2])
    if name == "echo":
        return echo()
    work = globals()[name]
    work(n)
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter_ns()
        work(n)
        best = min(best, (time.perf_counter_ns() - start) / n)
    print("ns", best)


main()
