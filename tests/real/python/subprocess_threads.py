# Child processes started, fed, awaited and killed from threads.
import os
import signal
import subprocess
import sys
import threading
import time

out = {}


def run(n, target):
    ts = [threading.Thread(target=target, args=(i,)) for i in range(n)]
    for t in ts:
        t.start()
    for t in ts:
        t.join(60)
    result = [out.get(i) for i in range(n)]
    out.clear()
    return result


def cat(i):
    data = os.urandom(10) * 20_000
    p = subprocess.run(["cat"], input=data, capture_output=True, timeout=50)
    out[i] = p.returncode == 0 and p.stdout == data and p.stderr == b""


def status(i):
    out[i] = subprocess.call(["sh", "-c", f"exit {i}"])


def kill(i):
    p = subprocess.Popen(["sleep", "60"])
    p.send_signal([signal.SIGTERM, signal.SIGKILL][i % 2])
    out[i] = p.wait(50)


def pipeline(i):
    a = subprocess.Popen(["seq", "1", str(1000 + i)], stdout=subprocess.PIPE)
    b = subprocess.Popen(["wc", "-l"], stdin=a.stdout, stdout=subprocess.PIPE)
    a.stdout.close()
    out[i] = int(b.communicate()[0]) - i, a.wait()


def timeout(i):
    begin = time.monotonic()
    try:
        subprocess.run(["sleep", "30"], timeout=0.2)
    except subprocess.TimeoutExpired:
        out[i] = time.monotonic() - begin < 15


def python(i):
    code = "import threading; t = threading.Thread(target=print, args=(%d,)); t.start()" % i
    out[i] = subprocess.check_output([sys.executable, "-c", code])


def fork(i):
    pid = os.fork()
    if pid == 0:
        os._exit(i + 3)
    out[i] = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


print("cat", run(12, cat))
print("status", run(12, status))
print("kill", run(6, kill))
print("pipeline", run(8, pipeline))
print("timeout", run(4, timeout))
print("python", run(4, python))
print("system", os.system("exit 7") >> 8, os.popen("echo popen").read())
print("fork", run(8, fork))
