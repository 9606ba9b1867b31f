# A thread per connection on both sides: TCP, UNIX sockets, UDP, socketpairs
# and time-outs, every byte checked.
import hashlib
import os
import socket
import socketserver
import threading


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


class UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


def client(connect, i, results):
    with connect() as s:
        sent = hashlib.sha256(str(i).encode()).digest() * (40 + i % 7 * 1000)
        writer = threading.Thread(target=lambda: (s.sendall(sent), s.shutdown(socket.SHUT_WR)))
        writer.start()
        got = bytearray()
        while data := s.recv(4096):
            got += data
        writer.join()
        results[i] = got == sent


def drive(name, server, connect, n=60):
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    results = {}
    ts = [threading.Thread(target=client, args=(connect, i, results)) for i in range(n)]
    for t in ts:
        t.start()
    for t in ts:
        t.join(60)
    server.shutdown()
    server.server_close()
    print(name, len(results), all(results.values()))


tcp = TcpServer(("127.0.0.1", 0), Echo)
drive("tcp", tcp, lambda: socket.create_connection(tcp.server_address, timeout=50))
# By name: getaddrinfo in 60 threads.
tcp = TcpServer(("127.0.0.1", 0), Echo)
drive("by name", tcp, lambda: socket.create_connection(("localhost", tcp.server_address[1]), 50))


def unix():
    s = socket.socket(socket.AF_UNIX)
    s.connect("echo.sock")
    return s


drive("unix", UnixServer("echo.sock", Echo), unix)
os.unlink("echo.sock")

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))


def answer():
    while True:
        data, peer = udp.recvfrom(2000)
        if data == b"end":
            return
        udp.sendto(data[::-1], peer)


answerer = threading.Thread(target=answer)
answerer.start()
replies = []


def ask(i):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(30)
        s.sendto(b"question %d" % i, udp.getsockname())
        replies.append(s.recv(2000) == (b"question %d" % i)[::-1])


askers = [threading.Thread(target=ask, args=(i,)) for i in range(30)]
for t in askers:
    t.start()
for t in askers:
    t.join()
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end", udp.getsockname())
answerer.join()
print("udp", len(replies), all(replies))

a, b = socket.socketpair()
a.settimeout(0.05)
try:
    a.recv(1)
except TimeoutError as e:
    print("timeout", e)
late = threading.Timer(0.05, b.sendall, (b"late",))
late.start()
a.settimeout(None)
print("late", a.recv(10))
b.close()
print("eof", a.recv(10))
try:
    socket.create_connection(("127.0.0.1", 1), timeout=5)
except OSError as e:
    print("refused", type(e).__name__)
