# A wait with a time-out neither returns early nor sleeps through another
# thread's work. The upper bound is wide: the machine may be busy.
import queue
import threading
import time


def timed(what, wait, seconds):
    begin = time.monotonic()
    result = wait()
    took = time.monotonic() - begin
    print(what, result, seconds - 0.002 <= took < seconds + 2)


lock = threading.Lock()
lock.acquire()
timed("lock", lambda: lock.acquire(timeout=0.1), 0.1)
timed("event", lambda: threading.Event().wait(0.1), 0.1)
timed("semaphore", lambda: threading.Semaphore(0).acquire(timeout=0.1), 0.1)
cond = threading.Condition()
with cond:
    timed("condition", lambda: cond.wait(0.1), 0.1)
timed("sleep", lambda: time.sleep(0.1), 0.1)


def get():
    try:
        queue.Queue().get(timeout=0.1)
    except queue.Empty:
        return "empty"


timed("queue", get, 0.1)
thread = threading.Thread(target=time.sleep, args=(0.5,))
thread.start()
timed("join", lambda: thread.join(0.1), 0.1)
print("alive", thread.is_alive())
thread.join()

# 100 sleepers of 0.2 s take 0.2 s together, and shorter sleeps end first.
order, begin = [], time.monotonic()


def nap(i):
    time.sleep(0.1 + i * 0.1)
    order.append(i)


naps = [threading.Thread(target=nap, args=(i,)) for i in range(5)]
crowd = [threading.Thread(target=time.sleep, args=(0.2,)) for _ in range(100)]
for t in naps + crowd:
    t.start()
for t in naps + crowd:
    t.join()
print("order", order, "in parallel", time.monotonic() - begin < 5)
