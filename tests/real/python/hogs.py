# Threads that compute, with the GIL and without it (hashing), do not keep
# others from sleeping, answering and ending.
import hashlib
import socket
import threading
import time

stop = threading.Event()


def spin():
    n = 0
    while not stop.is_set():
        n += 1


def digest():
    data = bytes(1_000_000)
    while not stop.is_set():
        hashlib.sha256(data).digest()


hogs = [threading.Thread(target=f) for f in (spin, spin, digest, digest)]
for t in hogs:
    t.start()
a, b = socket.socketpair()


def answer():
    while data := b.recv(100):
        b.sendall(data)


answerer = threading.Thread(target=answer)
answerer.start()
begin = time.monotonic()
for i in range(10):
    a.sendall(b"%d" % i)
    assert a.recv(100) == b"%d" % i
    time.sleep(0.01)
print("answered", time.monotonic() - begin < 20)
a.close()
answerer.join(30)
stop.set()
for t in hogs:
    t.join(30)
print("ended", [t.is_alive() for t in hogs])
