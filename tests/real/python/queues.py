# The queue module, thread pools and futures, exceptions across threads.
import concurrent.futures as cf
import queue
import threading


def drain(make, workers=5, items=400):
    q, out, lock = make(), [], threading.Lock()

    def work():
        while True:
            item = q.get()
            if item is None or item == 10**9:
                return
            with lock:
                out.append(item)

    ts = [threading.Thread(target=work) for _ in range(workers)]
    for t in ts:
        t.start()
    for i in range(items):
        q.put(i)
    for _ in ts:
        q.put(10**9)
    for t in ts:
        t.join(30)
    return sorted(out) == list(range(items))


print("fifo", drain(queue.Queue), drain(lambda: queue.Queue(maxsize=3)))
print("simple", drain(queue.SimpleQueue))
print("priority", drain(queue.PriorityQueue))

q = queue.Queue()
for i in range(100):
    q.put(i)


def finish():
    while True:
        try:
            q.get(timeout=0.05)
        except queue.Empty:
            return
        q.task_done()


ts = [threading.Thread(target=finish) for _ in range(4)]
for t in ts:
    t.start()
q.join()
for t in ts:
    t.join()
print("task_done", q.unfinished_tasks)

with cf.ThreadPoolExecutor(16) as pool:
    print("map", sum(pool.map(lambda n: n * n, range(1000))))
    futures = [pool.submit(divmod, i, i % 3) for i in range(9)]
    cf.wait(futures)
    print("errors", [type(f.exception()).__name__ for f in futures])
    # Tasks that wait for other tasks of the same pool.
    gate = threading.Barrier(8)
    print("together", sorted(pool.map(lambda n: gate.wait(20), range(8))))
    late = [pool.submit(threading.Event().wait, 0.2) for _ in range(3)]
    done, rest = cf.wait(late, timeout=0.01)
    print("timeout", len(done), len(rest))
print("closed", all(f.done() for f in late))
