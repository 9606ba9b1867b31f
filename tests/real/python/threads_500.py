# 500 threads alive at once count under one lock, and each keeps its own
# thread-local value and its own name and ident.
import threading

N, ROUNDS = 500, 200
lock = threading.Lock()
local = threading.local()
gate = threading.Event()
total = 0
ready = threading.Semaphore(0)
wrong = []


def work(i):
    global total
    local.value = i
    ready.release()
    gate.wait()
    for _ in range(ROUNDS):
        with lock:
            total += 1
    if local.value != i or threading.current_thread().name != f"worker-{i}":
        wrong.append(i)


threads = [threading.Thread(target=work, args=(i,), name=f"worker-{i}") for i in range(N)]
for t in threads:
    t.start()
for _ in range(N):
    ready.acquire()
print("alive", threading.active_count() - 1)
print("idents", len({t.ident for t in threads}), "native ids", len({t.native_id for t in threads}))
gate.set()
for t in threads:
    t.join()
print("total", total, "wrong", wrong, "left", threading.active_count())
