from support import *


@case
def subprocess(log):
    cat = processes.Popen("cat", stdin=processes.PIPE, stdout=processes.PIPE)
    said = cat.communicate(b"in")[0]
    log(said.decode(), cat.returncode)
    child = processes.Popen("exec sleep 3600", shell=True)
    log(child.poll() is None, fails(child.wait, SOON))
    child.terminate()
    child.wait()
    log(child.returncode)
    log(processes.call("exit 3", shell=True))
    log(fails(processes.check_call, "exit 3", shell=True))
    log(processes.check_output("printf out", shell=True).decode())
    log(fails(processes.run, "exec sleep 3600", shell=True, timeout=SOON))


def sh(text, **more):
    return processes.Popen(text, shell=True, **more)


@case
def subprocess_none(log):
    try:
        processes.Popen("/nowhere/to/be/found")
    except OSError as e:
        log(e.errno)


@case
def subprocess_switches(log):
    gevent.spawn(log, "ran")
    child = sh("sleep 0.01")
    child.wait()
    log(child.returncode, child.wait(), child.poll())


@case
def subprocess_order(log):
    children = [gevent.spawn(lambda s: (sh("sleep " + s).wait(), log(s)), s) for s in ("0.6", "0.3", "0")]
    gevent.joinall(children)


@case
def subprocess_streams(log):
    child = sh("cat; echo err >&2; exit 4", stdin=processes.PIPE, stdout=processes.PIPE,
               stderr=processes.PIPE)
    out, err = child.communicate(b"x" * 300000)
    log(len(out), err.decode().strip(), child.returncode)


@case
def subprocess_communicate_again(log):
    child = sh("echo a; sleep 0.3; echo b", stdout=processes.PIPE)
    log(fails(child.communicate, timeout=0.1))
    log(child.communicate()[0].decode().split() == ["a", "b"], child.returncode)


@case
def subprocess_input_unread(log):
    child = sh("exit 0", stdin=processes.PIPE)
    log(len(child.communicate(b"x" * 300000)[0] or b""), child.returncode)


@case
def subprocess_signal_after_end(log):
    child = sh("exit 1")
    child.wait()
    log(fails(child.terminate), fails(child.kill), child.returncode)


@case
def subprocess_errors_tell(log):
    try:
        processes.check_output("printf some; exit 3", shell=True)
    except processes.CalledProcessError as e:
        log(e.returncode, e.output.decode())
    try:
        processes.run("printf part; exec sleep 3600", shell=True, stdout=processes.PIPE, timeout=0.5)
    except processes.TimeoutExpired as e:
        log("expired")


@case
def subprocess_talk(log):
    child = sh("while read line; do echo got $line; done", stdin=processes.PIPE,
               stdout=processes.PIPE, bufsize=0)
    for word in (b"a", b"b"):
        child.stdin.write(word + b"\n")
        log(child.stdout.readline().decode().strip())
    child.stdin.close()
    log(child.wait(), len(child.stdout.read()))


@case
def subprocess_wait_killed(log):
    child = sh("exec sleep 3600")
    g = gevent.spawn(lambda: log("killed", killed(child.wait)))
    gevent.sleep(SOON)
    g.kill()
    log(child.poll() is None)
    child.kill()
    log(child.wait())


@case
def os_waitpid(log):
    r, w = os.pipe()
    child = os_.fork_and_watch()
    if child == 0:
        os.close(w)
        os.read(r, 1)
        os._exit(7)
    gevent.spawn(lambda: (log("ran"), os.close(w)))
    pid, status = os_.waitpid(child, 0)
    log(pid == child, os.waitstatus_to_exitcode(status))


@case
def os_waitpid_signal(log):
    child = os_.fork_and_watch()
    if child == 0:
        gevent.sleep(LONG)
    log(os_.waitpid(child, os.WNOHANG)[0])
    os.kill(child, signal.SIGTERM)
    log(os.waitstatus_to_exitcode(os_.waitpid(child, 0)[1]))


@case
def os_fork_goes_on(log):
    r, w = os.pipe()
    child = os_.fork()
    if child == 0:
        gevent.joinall([gevent.spawn(os.write, w, b"a"), gevent.spawn(os.write, w, b"b")])
        os._exit(0)
    os.close(w)
    log(os_.waitpid(child, 0)[1], os.read(r, 9).decode())
