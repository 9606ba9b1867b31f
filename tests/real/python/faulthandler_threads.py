# faulthandler writes the stacks of all threads: on a signal, from a watchdog
# thread while the main thread computes or waits, and on a crash.
import faulthandler
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time


def stacks(text):
    """The functions of each thread, the inner ones first; ids and lines differ."""
    found = []
    for line in text.splitlines():
        if "hread 0x" in line:
            found.append([])
        m = re.match(r'  File ".*faulthandler_threads.py", line \d+ in (\w+|<module>)', line)
        if m and found:
            found[-1].append(m[1])
    return sorted(filter(None, found))


def waits_in_worker(event):
    event.wait()


def sleeps_in_worker(event):
    while not event.is_set():
        time.sleep(0.005)


def computes_until(condition):
    n = 0
    while not condition():
        n += 1
    return n


def text_of(file):
    # Not read(2): writers share the position.
    return os.pread(file.fileno(), 1 << 20, 0).decode()


if len(sys.argv) > 1:  # the child that crashes
    faulthandler.enable()
    event = threading.Event()
    threading.Thread(target=waits_in_worker, args=(event,), daemon=True).start()
    time.sleep(0.05)
    if sys.argv[1] == "main":
        faulthandler._sigsegv()
    elif sys.argv[1] == "worker":
        t = threading.Thread(target=faulthandler._sigsegv)
        t.start()
        t.join()
    else:
        os.abort()

event = threading.Event()
workers = [threading.Thread(target=f, args=(event,)) for f in (waits_in_worker, sleeps_in_worker)]
for w in workers:
    w.start()

with tempfile.TemporaryFile("w+") as file:
    faulthandler.register(signal.SIGUSR1, file=file, all_threads=True)
    time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGUSR1)
    computes_until(lambda: "<module>" in text_of(file))
    print("register", [s for s in stacks(text_of(file)) if "sleeps_in_worker" not in s])
    faulthandler.unregister(signal.SIGUSR1)

with tempfile.TemporaryFile("w+") as file:
    faulthandler.dump_traceback_later(0.1, file=file)
    computes_until(lambda: "<module>" in text_of(file))
    print("computing", any("computes_until" in s for s in stacks(text_of(file))))

with tempfile.TemporaryFile("w+") as file:
    faulthandler.dump_traceback_later(0.05, repeat=True, file=file)
    while text_of(file).count("Timeout") < 3:
        time.sleep(0.01)
    faulthandler.cancel_dump_traceback_later()
    dumped = text_of(file)
    print("repeated", any("waits_in_worker" in s for s in stacks(dumped)))
    time.sleep(0.2)
    print("cancelled", text_of(file) == dumped)

event.set()
for w in workers:
    w.join()

for how in ("main", "worker", "abort"):
    child = subprocess.run([sys.executable, __file__, how], capture_output=True, text=True)
    print(how, signal.Signals(-child.returncode).name, "Fatal Python error" in child.stderr, stacks(child.stderr))

with tempfile.TemporaryFile("w+") as file:
    code = "import faulthandler, time, threading; threading.Thread(target=time.sleep, args=(0.01,)).start(); faulthandler.dump_traceback_later(0.05, exit=True); time.sleep(60)"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    print("exit", child.returncode, "Timeout" in child.stderr)
