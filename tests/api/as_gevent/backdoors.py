from support import *

# A session's first prompt comes after gevent's banner; lines are told by what they answer.


def serving():
    served = BackdoorServer(("127.0.0.1", 0), locals={"bad": lambda: 1 // 0, "nap": lambda: gevent.sleep(0.2),
                                                       "one": lambda: print("1")})
    served.start()
    return served


class Session:
    def __init__(self, served):
        self.socket = sockets.create_connection(served.address)
        self.socket.settimeout(20)
        self.text = ""

    def until(self, end=">>> "):
        while not self.text.endswith(end):
            data = self.socket.recv(1000).decode()
            if not data:
                return None
            self.text += data
        text, self.text = self.text, ""
        return text

    def ask(self, line, prompt=">>> "):
        self.socket.sendall(line.encode() + b"\n")
        return self.until(prompt)


@case
def backdoor_answers(log):
    s = Session(serving())
    log(s.until() is not None)
    log("1" in s.ask("one()"), "1" in s.ask("one()"))


@case
def backdoor_error_goes_on(log):
    s = Session(serving())
    s.until()
    log("ZeroDivisionError" in s.ask("bad()"))
    log("1" in s.ask("one()"))


@case
def backdoor_sessions(log):
    served = serving()
    a, b = Session(served), Session(served)
    a.until()
    b.until()
    g = gevent.spawn(lambda: (a.ask("nap()"), log("a")))
    gevent.sleep(0)
    b.ask("one()")
    log("b")
    g.join()


@case
def backdoor_quit(log):
    served = serving()
    a, b = Session(served), Session(served)
    a.until()
    b.until()
    a.socket.sendall(b"quit()\n")
    log(a.until() is None, "1" in b.ask("one()"))


@case
def backdoor_hang_up(log):
    served = serving()
    a = Session(served)
    a.until()
    a.socket.close()
    b = Session(served)
    b.until()
    log("1" in b.ask("one()"))


@case
def backdoor_stop(log):
    served = serving()
    a = Session(served)
    a.until()
    served.stop()
    log(served.started)
    served.close()
    log(fails(Session, served))
