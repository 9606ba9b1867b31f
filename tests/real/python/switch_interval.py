"""Threads that compute take turns as often as sys.setswitchinterval says, and who sleeps
beside them is not kept waiting."""
import sys
import threading
import time

HOGS = 3
SPAN = 1.2


def measure(interval):
    """Turns taken, and how often a thread that sleeps for 10 ms came back."""
    sys.setswitchinterval(interval)
    turns = [0]
    last = [None]
    counts = [0] * HOGS
    ticks = [0]
    end = time.monotonic() + SPAN

    def hog(me):
        while time.monotonic() < end:
            for _ in range(200):
                counts[me] += 1
                if last[0] != me:
                    last[0] = me
                    turns[0] += 1

    def ticker():
        while time.monotonic() < end:
            time.sleep(0.01)
            ticks[0] += 1

    threads = [threading.Thread(target=hog, args=(i,)) for i in range(HOGS)]
    threads.append(threading.Thread(target=ticker))
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return turns[0], ticks[0], min(counts)


# Turns are at most as many as the interval allows, and at a tick one more, with a wide
# margin; some there are. (At 0.1 s who sleeps waits for a hog or two each time, and one of
# the hogs may have no turn: CPython gives its lock to any.)
for interval in (0.005, 0.1):
    turns, ticks, least = measure(interval)
    most = 3 * (SPAN / interval + 2 * SPAN / 0.01)
    print(interval, turns > 5 or turns, turns < most or turns, interval > 0.01 or least > 0)
    if interval < 0.01:
        print("ticks", ticks > 4 or ticks)
frequent, rare = measure(0.001)[0], measure(0.2)[0]
print("more turns when the interval is short", frequent > rare or (frequent, rare))
