# Threads print whole lines, non-daemon threads are awaited at exit, atexit
# runs, daemon threads do not hold the process up, and the exit code arrives.
import atexit
import sys
import threading
import time

atexit.register(lambda: print("atexit"))


def lines(i):
    for k in range(20):
        sys.stdout.write(f"thread {i:02} line {k:02}\n")


ts = [threading.Thread(target=lines, args=(i,)) for i in range(5)]
for t in ts:
    t.start()
    t.join()
threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
threading.Thread(target=lambda: (time.sleep(0.1), print("last thread"))).start()


def fail():
    raise ValueError("in a thread")


threading.excepthook = lambda a: print("excepthook", a.exc_type.__name__, a.exc_value)
t = threading.Thread(target=fail)
t.start()
t.join()
print("to stderr", file=sys.stderr)
sys.exit(5)
