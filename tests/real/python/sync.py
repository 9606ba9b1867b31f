# Lock, RLock, Condition, Event, Semaphore, Barrier and Timer between threads.
import threading

rlock = threading.RLock()
depths = []


def nest(n):
    with rlock:
        if n:
            nest(n - 1)
        else:
            depths.append(threading.current_thread().name)


def start(n, target):
    ts = [threading.Thread(target=target, args=(i,), name=f"t{i}") for i in range(n)]
    for t in ts:
        t.start()
    return ts


def join(ts):
    for t in ts:
        t.join(30)
        assert not t.is_alive(), t


join(start(20, lambda i: nest(10)))
print("rlock", sorted(depths))

# A bounded buffer on one condition.
cond = threading.Condition()
buffer, taken = [], []


def produce(i):
    for k in range(50):
        with cond:
            cond.wait_for(lambda: len(buffer) < 4)
            buffer.append(i * 50 + k)
            cond.notify_all()


def consume(i):
    for _ in range(50):
        with cond:
            cond.wait_for(lambda: buffer)
            taken.append(buffer.pop(0))
            cond.notify_all()


join(start(6, produce) + start(6, consume))
print("condition", sorted(taken) == list(range(300)), len(buffer))

event, seen = threading.Event(), []
waiters = start(30, lambda i: seen.append(event.wait(20)))
event.set()
join(waiters)
print("event", seen.count(True), seen.count(False))

sem, inside, peak, guard = threading.BoundedSemaphore(3), 0, 0, threading.Lock()


def limited(i):
    global inside, peak
    with sem:
        with guard:
            inside += 1
            peak = max(peak, inside)
        threading.Event().wait(0.01)
        with guard:
            inside -= 1


join(start(12, limited))
print("semaphore", peak <= 3, inside)

barrier, leaders = threading.Barrier(8, action=lambda: leaders.append("action")), []


def meet(i):
    for _ in range(20):
        if barrier.wait(20) == 0:
            leaders.append("leader")


join(start(8, meet))
print("barrier", leaders.count("action"), leaders.count("leader"))

fired = threading.Event()
timer = threading.Timer(0.05, fired.set)
timer.start()
never = threading.Timer(60, lambda: print("a cancelled timer fired"))
never.start()
never.cancel()
never.join(10)
print("timer", fired.wait(20), never.is_alive())
timer.join()

broken = threading.Barrier(2)
try:
    broken.wait(0.05)
except threading.BrokenBarrierError:
    print("barrier broken", broken.broken)
