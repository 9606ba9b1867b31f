# fork from a program with threads, and processes that talk over pipes and
# shared semaphores.
import multiprocessing as mp
import threading


def square(n):
    return n * n


def add(counter, n):
    for _ in range(n):
        with counter.get_lock():
            counter.value += 1


def relay(q_in, q_out):
    for item in iter(q_in.get, None):
        q_out.put(item + 1)


if __name__ == "__main__":
    ctx = mp.get_context("fork")
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    with ctx.Pool(3) as pool:
        print("pool", sum(pool.map(square, range(200))))
    counter = ctx.Value("i", 0)
    ps = [ctx.Process(target=add, args=(counter, 300)) for _ in range(3)]
    for p in ps:
        p.start()
    for p in ps:
        p.join(60)
    print("counter", counter.value, [p.exitcode for p in ps])
    a, b = ctx.Queue(), ctx.Queue()
    p = ctx.Process(target=relay, args=(a, b))
    p.start()
    for i in range(100):
        a.put(i)
    a.put(None)
    print("queue", sum(b.get(timeout=30) for _ in range(100)))
    p.join(60)
    stop.set()
    thread.join()
    with mp.get_context("spawn").Pool(1) as pool:
        print("spawn", pool.apply(square, (12,)))
