from support import *


@case
def server(log):
    def handle(accepted, _):
        try:
            accepted.sendall(b"x")
            gevent.sleep(LONG)
        finally:
            log("ended")
    served = StreamServer(("127.0.0.1", 0), handle, spawn=pool.Pool(2))
    log(served.started)
    served.start()
    log(served.started)
    clients = [sockets.create_connection(served.address) for _ in range(3)]
    clients[2].settimeout(0.1)
    for client in clients:
        log(not fails(client.recv, 1))
    served.stop(SOON)
    log(served.started)


def asked(served):
    client = sockets.create_connection(served.address)
    client.settimeout(20)
    try:
        return client.recv(9).decode()
    except OSError:
        return "error"


@case
def server_handler_fails(log):
    calls = []

    def handle(accepted, _):
        calls.append(1)
        if len(calls) == 1:
            raise ValueError
        accepted.sendall(b"x")
    served = StreamServer(("127.0.0.1", 0), handle)
    served.start()
    log(len(asked(served)), asked(served))
    served.stop()


@case
def server_closes_after_handler(log):
    served = StreamServer(("127.0.0.1", 0), lambda accepted, _: accepted.sendall(b"x"))
    served.start()
    client = sockets.create_connection(served.address)
    log(client.recv(9).decode(), len(client.recv(9)))
    served.stop()


@case
def server_pool_waits(log):
    end = event.Event()

    def handle(accepted, _):
        accepted.sendall(b"x")
        end.wait()
    served = StreamServer(("127.0.0.1", 0), handle, spawn=1)
    served.start()
    log(asked(served))
    g = gevent.spawn(lambda: log(asked(served)))
    gevent.sleep(0.05)
    log(g.ready())
    end.set()
    g.join()
    served.stop()


@case
def server_stop_ends_serve_forever(log):
    served = StreamServer(("127.0.0.1", 0), lambda *_: None)
    g = gevent.spawn(served.serve_forever)
    gevent.sleep(0.01)
    log(served.started)
    served.stop()
    g.join()
    log(served.started)


@case
def server_forever_killed(log):
    served = StreamServer(("127.0.0.1", 0), lambda *_: None)
    g = gevent.spawn(served.serve_forever)
    gevent.sleep(0.01)
    g.kill()
    log(g.ready(), served.started)


@case
def server_stop_accepting(log):
    served = StreamServer(("127.0.0.1", 0), lambda accepted, _: accepted.sendall(b"x"))
    served.start()
    served.stop_accepting()
    g = gevent.spawn(lambda: log(asked(served)))
    gevent.sleep(0.05)
    log(g.ready())
    served.start_accepting()
    g.join()
    served.stop()


@case
def server_start_twice(log):
    served = StreamServer(("127.0.0.1", 0), lambda accepted, _: accepted.sendall(b"x"))
    served.start()
    served.start()
    log(asked(served))
    served.stop()
    served.stop()


@case
def server_datagrams(log):
    class Echo(DatagramServer):
        def handle(self, data, address):
            log(data.decode())
            self.sendto(data.upper(), address)
    served = Echo(("127.0.0.1", 0))
    served.start()
    client = sockets.socket(type=sockets.SOCK_DGRAM)
    client.connect(served.address)
    client.settimeout(20)
    client.send(b"a")
    log(client.recv(9).decode())
    client.send(b"")
    log(len(client.recv(9)))
    served.stop()
    log(served.started)
