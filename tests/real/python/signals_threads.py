# Python runs its handlers in the main thread, whatever the others do; an
# interrupted wait of the main thread ends or goes on as Python says.
import os
import signal
import threading
import time

# Before there is a thread that could take it: a thread that has been joined
# may still be on its way out.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
got = []
signal.signal(signal.SIGUSR1, lambda s, f: got.append(threading.current_thread().name))
stop = threading.Event()
sleepers = [threading.Thread(target=stop.wait) for _ in range(10)]
for t in sleepers:
    t.start()

threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
begin = time.monotonic()
time.sleep(0.3)  # PEP 475: goes on after the handler
print("sleep", got, time.monotonic() - begin >= 0.299)


class Alarm(Exception):
    pass


def alarm(s, f):
    raise Alarm


signal.signal(signal.SIGALRM, alarm)
signal.setitimer(signal.ITIMER_REAL, 0.1)
try:
    threading.Event().wait(30)
except Alarm:
    print("wait interrupted", time.monotonic() - begin < 20)
signal.setitimer(signal.ITIMER_REAL, 0.1)
r, w = os.pipe()
try:
    os.read(r, 1)
except Alarm:
    print("read interrupted", time.monotonic() - begin < 20)

# The same from another thread, to the process and to the main thread.
got.clear()
main = threading.main_thread().ident
killer = threading.Thread(target=signal.pthread_kill, args=(main, signal.SIGUSR1))
killer.start()
while not got:
    time.sleep(0.001)
killer.join(30)
print("pthread_kill", got)

stop.set()
for t in sleepers:
    t.join(30)

# A blocked signal waits for sigwait.
os.kill(os.getpid(), signal.SIGUSR2)
print("sigwait", signal.sigwait({signal.SIGUSR2}).name)
# Explicitly: a shell's background jobs inherit an ignored SIGINT.
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    time.sleep(30)
except KeyboardInterrupt:
    print("interrupted")
