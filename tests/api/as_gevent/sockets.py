from support import *


@case
def select(log):
    r, w = os.pipe()
    now = select_.select([r], [w], [], 0)
    log(len(now[0]), len(now[1]))
    os.write(w, b"x")
    log(len(select_.select([r], [], [])[0]))
    gevent.spawn(log, "ran")
    log(select_.select([], [], [], 0) == ([], [], []))
    poll = select_.poll()
    poll.register(r, select_.POLLIN)
    log(poll.poll(0)[0][1])
    os.read(r, 1)
    log(len(poll.poll(0)))
    os.close(w)
    log(len(poll.poll()))
    log(not fails(poll.unregister, 999))
    os.close(r)
    log(poll.poll(0)[0][1])
    try:
        select_.select([r], [], [], 0)
    except OSError as e:
        log(e.errno)


@case
def poll_zero(log):
    r, w = os.pipe()
    gevent.spawn(log, "ran")
    poll = select_.poll()
    poll.register(r, select_.POLLIN)
    log(len(poll.poll(0)))
    os.close(r)
    os.close(w)


@case
def socket(log):
    listener = listening()
    address = listener.getsockname()

    def serves():
        accepted, _ = listener.accept()
        log(accepted.recv(10).decode())
        log(len(accepted.recv(10)))
        accepted.close()
        listener.close()
    g = gevent.spawn(serves)
    client = sockets.create_connection(address)
    client.settimeout(SOON)
    log(fails(client.recv, 1))
    client.sendall(b"hello")
    client.close()
    g.join()
    try:
        sockets.create_connection(address)
    except OSError as e:
        log(e.errno)


def pair():
    a, b = sockets.socketpair()
    a.settimeout(20)
    b.settimeout(20)
    return a, b


@case
def socket_sendall_large(log):
    a, b = pair()
    data = bytes(range(256)) * 8192

    def reads():
        got = b""
        while len(got) < len(data):
            got += b.recv(100000)
        return got
    g = gevent.spawn(reads)
    a.sendall(data)
    log(g.get() == data)


@case
def socket_shutdown(log):
    a, b = pair()
    g = gevent.spawn(lambda: log("end", len(b.recv(9))))
    gevent.sleep(0)
    a.shutdown(sockets.SHUT_WR)
    g.join()
    b.sendall(b"back")
    log(a.recv(9).decode())


@case
def socket_recv_killed(log):
    a, b = pair()
    g = gevent.spawn(lambda: log("killed", killed(b.recv, 1)))
    gevent.sleep(0)
    g.kill()
    a.sendall(b"kept")
    log(b.recv(9).decode())


@case
def socket_timeout_keeps(log):
    a, b = pair()
    b.settimeout(SOON)
    log(fails(b.recv, 1))
    with Timeout(SOON, False):
        b.settimeout(None)
        b.recv(1)
        log("not reached")
    a.sendall(b"kept")
    log(b.recv(9).decode())


@case
def socket_accept_timeout(log):
    listener = listening()
    listener.settimeout(SOON)
    gevent.spawn(log, "ran")
    log(fails(listener.accept))


@case
def socket_datagrams(log):
    a = sockets.socket(type=sockets.SOCK_DGRAM)
    b = sockets.socket(type=sockets.SOCK_DGRAM)
    for s in (a, b):
        s.bind(("127.0.0.1", 0))
    g = gevent.spawn(lambda: b.recvfrom(3))
    gevent.sleep(0)
    log(a.sendto(b"hello", b.getsockname()))
    data, address = g.get()
    log(data.decode(), address == a.getsockname())
    b.settimeout(SOON)
    log(fails(b.recvfrom, 1))


@case
def socket_unix(log):
    path = "/tmp/as_gevent.sock.%d" % os.getpid()
    listener = sockets.socket(sockets.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serves():
        accepted, _ = listener.accept()
        accepted.sendall(b"hi")
        accepted.close()
    gevent.spawn(serves)
    client = sockets.socket(sockets.AF_UNIX)
    client.connect(path)
    log(client.recv(9).decode(), len(client.recv(9)))
    os.unlink(path)
    try:
        sockets.socket(sockets.AF_UNIX).connect(path)
    except OSError as e:
        log(e.errno)


@case
def socket_peek(log):
    a, b = sockets.socket(), None
    listener = listening()
    a.connect(listener.getsockname())
    b, _ = listener.accept()
    a.sendall(b"hello")
    log(b.recv(2, sockets.MSG_PEEK).decode(), b.recv(9).decode())


@case
def socket_reset(log):
    import struct
    a = sockets.socket()
    listener = listening()
    a.connect(listener.getsockname())
    b, _ = listener.accept()
    a.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    a.close()
    try:
        b.recv(1)
    except OSError as e:
        log(e.errno)


@case
def socket_wait(log):
    a, b = pair()
    sockets.wait_write(a.fileno())
    log(fails(sockets.wait_read, b.fileno(), timeout=SOON, timeout_exc=OSError()))
    gevent.spawn(a.sendall, b"x")
    sockets.wait_read(b.fileno())
    log(b.recv(9).decode())


@case
def select_wakes(log):
    a, b = pair()
    c, d = pair()
    gevent.spawn_later(SOON, a.sendall, b"x")
    got = select_.select([b, d], [], [], 20)
    log(len(got[0]), got[0][0] is b)
    log([len(x) for x in select_.select([b, d], [a, c], [], 0)])


@case
def select_kill(log):
    a, b = pair()
    g = gevent.spawn(lambda: log("killed", killed(select_.select, [b], [], [])))
    gevent.sleep(0)
    g.kill()
    a.sendall(b"x")
    log(len(select_.select([b], [], [])[0]))


@case
def select_two(log):
    a, b = pair()
    both = [gevent.spawn(lambda: len(select_.select([b], [], [], 20)[0])) for _ in range(2)]
    gevent.sleep(0)
    a.sendall(b"x")
    log([g.get() for g in both])


@case
def poll_modify(log):
    a, b = pair()
    poll = select_.poll()
    poll.register(b.fileno(), select_.POLLIN)
    log(len(poll.poll(1)))
    poll.modify(b.fileno(), select_.POLLOUT)
    log(poll.poll(0)[0][1])
    poll.unregister(b.fileno())
    log(len(poll.poll(1)))
