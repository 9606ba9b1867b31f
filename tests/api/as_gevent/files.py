from support import *


def pipe():
    r, w = os.pipe()
    return files.FileObject(r, "rb"), files.FileObject(w, "wb", 0)


@case
def file_lines(log):
    r, w = pipe()

    def reads():
        for line in r:
            log(line.decode().strip())
        log("end")
    g = gevent.spawn(reads)
    for line in (b"one\n", b"two\n", b"three"):
        w.write(line)
        gevent.sleep(SOON)
        log("wrote")
    w.close()
    g.join()


@case
def file_wait_switches(log):
    r, w = pipe()
    gevent.spawn(log, "ran")
    gevent.spawn_later(SOON, w.write, b"x")
    log(len(r.read(1)))


@case
def file_large_write(log):
    r, w = os.pipe()
    r, w = files.FileObject(r, "rb"), files.FileObject(w, "wb")
    data = bytes(range(256)) * 2048
    read = gevent.spawn(r.read)
    g = gevent.spawn(lambda: (w.write(data), w.close()))
    log(read.get() == data)
    g.join()


@case
def file_nobody_reads(log):
    r, w = pipe()
    r.close()
    try:
        w.write(b"x")
    except OSError as e:
        log(e.errno)


@case
def file_timeout(log):
    r, w = os.pipe()
    r = files.FileObject(r, "rb", 0)
    with Timeout(SOON, False):
        r.read(1)
        log("not reached")
    os.write(w, b"kept")
    log(r.read(9).decode())
    os.close(w)
    log(len(r.read(9)))


@case
def file_kill(log):
    r, w = os.pipe()
    r = files.FileObject(r, "rb", 0)
    g = gevent.spawn(lambda: log("killed", killed(r.read, 1)))
    gevent.sleep(0)
    g.kill()
    os.write(w, b"kept")
    log(r.read(9).decode())
    os.close(w)


@case
def file_regular(log):
    with open("/tmp/as_gevent.%d" % os.getpid(), "w+b", 0) as made:
        os.unlink(made.name)
        f = files.FileObject(os.dup(made.fileno()), "r+b", 0)
        log(f.write(b"0123456789"), f.tell())
        log(f.seek(2), f.read(3).decode(), f.tell())
        log(f.seek(-2, 2), f.read(9).decode(), len(f.read(9)))
        f.close()


@case
def file_pipe_does_not_seek(log):
    r, w = os.pipe()
    r = files.FileObject(r, "rb", 0)
    log(fails(r.seek, 0), fails(r.tell))
    os.close(w)


@case
def file_two_readers(log):
    r, w = os.pipe()
    r = files.FileObject(r, "rb", 0)
    g = gevent.spawn(lambda: log(r.read(2).decode()))
    gevent.sleep(0)
    os.write(w, b"ab")
    g.join()
    os.write(w, b"cd")
    log(r.read(2).decode())
    os.close(w)
