# Pipes, temporary files and sqlite between threads.
import os
import sqlite3
import tempfile
import threading


def run(*targets):
    ts = [threading.Thread(target=t) for t in targets]
    for t in ts:
        t.start()
    for t in ts:
        t.join(60)


# More than a pipe holds, through a chain of threads.
r1, w1 = os.pipe()
r2, w2 = os.pipe()
total = bytearray()


def feed():
    with open(w1, "wb") as f:
        for i in range(300):
            f.write(bytes([i % 256]) * 5000)


def relay():
    with open(r1, "rb") as f, open(w2, "wb") as g:
        while data := f.read(7000):
            g.write(data)


def collect():
    with open(r2, "rb") as f:
        while data := f.read1(10_000):
            total.extend(data)


run(feed, relay, collect)
print("pipes", len(total), total == b"".join(bytes([i % 256]) * 5000 for i in range(300)))

with tempfile.TemporaryFile() as f:
    run(*(lambda i=i: os.pwrite(f.fileno(), bytes([i]) * 1000, i * 1000) for i in range(50)))
    f.seek(0)
    print("pwrite", f.read() == b"".join(bytes([i]) * 1000 for i in range(50)))


def insert(n):
    db = sqlite3.connect("test.db", timeout=50)
    for i in range(10):
        with db:
            db.execute("insert into t values (?)", (n * 10 + i,))
    db.close()


db = sqlite3.connect("test.db")
db.execute("pragma journal_mode = wal").fetchone()
db.execute("create table t (n integer)")
db.commit()
run(*(lambda n=n: insert(n) for n in range(6)))
print("sqlite", db.execute("select count(*), sum(n) from t").fetchone())
