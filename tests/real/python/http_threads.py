# ThreadingHTTPServer and 40 client threads in one process, kept-alive
# connections included.
import http.client
import http.server
import threading
import urllib.request


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = (self.path * 300).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


server = Server(("127.0.0.1", 0), Handler)
port = server.server_address[1]
loop = threading.Thread(target=server.serve_forever, args=(0.05,))
loop.start()
good = []


def client(i):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=50)
    for k in range(10):
        path = f"/{i}/{k}"
        c.request("GET", path)
        r = c.getresponse()
        good.append(r.status == 200 and r.read() == (path * 300).encode())
    body = bytes([i]) * 100_000 + b"end"
    c.request("POST", "/", body)
    r = c.getresponse()
    good.append(r.status == 201 and r.read() == body[::-1])
    c.close()


ts = [threading.Thread(target=client, args=(i,)) for i in range(40)]
for t in ts:
    t.start()
for t in ts:
    t.join(60)
print("answers", len(good), all(good))
with urllib.request.urlopen(f"http://localhost:{port}/last", timeout=30) as r:
    print("urllib", r.status, len(r.read()))
server.shutdown()
loop.join()
server.server_close()
print("closed")
