# Calls that block in the kernel and have no other form: flock on a file that
# another thread holds, open of a FIFO whose other end another thread opens.
import fcntl
import os
import threading


def run(*targets):
    ts = [threading.Thread(target=t) for t in targets]
    for t in ts:
        t.start()
    for t in ts:
        t.join(60)


# flock excludes: open file descriptions, so threads of one process count.
inside, most = 0, 0


def locked():
    global inside, most
    with open("lock", "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.005)
        inside -= 1


run(*[locked] * 10)
print("flock", most)

os.mkfifo("fifo")
lines = []


def read_fifo():
    with open("fifo") as f:
        lines.extend(f.read().split())


def write_fifo():
    with open("fifo", "w") as f:
        print("one two three", file=f)


run(read_fifo, write_fifo)
print("fifo", lines)
