# OpenBLAS with threads of its own, called from threads of the interpreter.
import threading
import numpy

results = [None] * 4


def multiply(which):
    # Small integers in doubles: every order of the sums is exact.
    base = numpy.arange(300 * 300, dtype=numpy.float64).reshape(300, 300) % (which + 7)
    total = 0.0
    for _ in range(6):
        total += float((base @ base).sum())
    results[which] = total


threads = [threading.Thread(target=multiply, args=(i,)) for i in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(results)
print("done")
