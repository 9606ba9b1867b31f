"""gdb commands for a process under libgeventrs.so, or a core file of one.

    info greenlets                  every greenlet: id, name, state, what it waits for
    greenlet ID                     make it the one that bt, up, info locals ... are about
    greenlet off                    back to the OS thread that is selected
    greenlet apply all COMMAND      COMMAND for each greenlet (bt, for instance)
    greenlet apply ID... COMMAND    for some

The library exports a table of what is where (geventrs_debugger); no debugging
information of the library is needed. A greenlet that does not run is shown by
way of an unwinder: the selected OS thread's innermost frame gets the greenlet's
frames as callers. No register is written, so that core files can be looked at as
well. `continue` and `step` go back to the OS threads.
"""
import gdb
import gdb.unwinder
import re
import struct


class Table:
    """The exported table, and the greenlets that it leads to."""

    FIELDS = ("next id name wake link home phase sp reason entry parent carrier_tid "
              "away waiting claimed alive").split()
    HEAD = struct.Struct("<8sII5Q")

    def __init__(self):
        at = self.place()
        mark, _size, _, self.all, self.running, self.carrier, saved, reasons = \
            self.HEAD.unpack(read(at, self.HEAD.size))
        if mark != b"gevdbg1\0":
            raise gdb.GdbError("this libgeventrs.so has a table of another version")
        words = struct.unpack("<%dI" % len(self.FIELDS),
                              read(at + self.HEAD.size, 4 * len(self.FIELDS)))
        self.__dict__.update(zip(self.FIELDS, words))
        self.saved = text(saved).split(",")
        self.reasons = text(reasons).split("\n")

    @staticmethod
    def place():
        try:
            answer = gdb.execute("info address geventrs_debugger", to_string=True)
        except gdb.error:
            answer = ""
        found = re.search("0x[0-9a-f]+", answer)
        if not found:
            raise gdb.GdbError("libgeventrs.so is not loaded here, or is too old")
        return int(found.group(), 16)

    def greenlets(self):
        """Oldest first."""
        found, at = [], word(self.all)
        while at:
            found.append(Greenlet(self, at))
            at = word(at + self.next)
        return list(reversed(found))

    def find(self, name):
        for g in self.greenlets():
            if name in (str(g.id), g.name):
                return g
        raise gdb.GdbError("no greenlet %s (see info greenlets)" % name)


class Greenlet:
    def __init__(self, table, at):
        self.table, self.at = table, at
        self.id = half(at + table.id)
        self.name = read(at + table.name, 16).split(b"\0")[0].decode(errors="replace")
        wake, away = half(at + table.wake), half(at + table.link) == table.away
        self.sp, self.os_thread = word(at + table.sp), None
        self.alive = read(at + table.phase, 1)[0] == table.alive
        self.entry = word(at + table.entry)
        if not self.alive:
            self.state = "ended"
        elif away:
            home = word(at + table.home)
            self.state, self.os_thread = "off the hub", half(home + table.carrier_tid)
        elif wake == table.waiting:
            self.state = "waits"
        elif wake == table.claimed:
            self.state = "runnable"
        elif word(table.running) == at and on_stack(self):
            self.state = "runs"
            self.os_thread = half(word(table.carrier) + table.carrier_tid)
        else:
            self.state = "runnable"

    def reason(self):
        """What it waits for, in words."""
        at = self.at + self.table.reason
        tag = half(at)
        if tag == 0 or tag >= len(self.table.reasons):
            return ""
        def value(sign):
            what = sign.group(1)
            if what == "d":
                return str(struct.unpack("<i", read(at + 4, 4))[0])
            if what == "u":
                return str(half(at + 4))
            if what == "t":
                return str(half(at + 16))
            if what == "x":
                return hex(word(at + 8))
            return read(word(at + 8), word(at + 16)).decode(errors="replace")
        return re.sub("%([dutxs])", value, self.table.reasons[tag])

    def registers(self):
        """Where it goes on: registers by name."""
        count = len(self.table.saved)
        words = struct.unpack("<%dQ" % count, read(self.sp, 8 * count))
        found = dict(zip(self.table.saved, words))
        found["sp"] = self.sp + 8 * count
        return found


def on_stack(greenlet):
    """Whether an OS thread runs it: the one that holds the hub is on no stack of the
    library's own then."""
    table = greenlet.table
    tid = half(word(table.carrier) + table.carrier_tid)
    thread = thread_of(tid)
    if thread is None:
        return False
    before = gdb.selected_thread()
    try:
        thread.switch()
        frame, depth = gdb.newest_frame(), 0
        while frame is not None and depth < 200:
            if "carrier_main" in (frame.name() or "") or "first_carrier" in (frame.name() or ""):
                return False
            frame, depth = frame.older(), depth + 1
        return True
    except gdb.error:
        return False
    finally:
        before.switch()


def read(at, length):
    return bytes(gdb.selected_inferior().read_memory(at, length))


def word(at):
    return struct.unpack("<Q", read(at, 8))[0]


def half(at):
    return struct.unpack("<I", read(at, 4))[0]


def text(at):
    found = b""
    while b"\0" not in found:
        # The end of a mapping may be near.
        found += read(at + len(found), 16 - (at + len(found)) % 16)
    return found.split(b"\0")[0].decode()


def thread_of(tid):
    for thread in gdb.selected_inferior().threads():
        if tid in (thread.ptid[1], thread.ptid[2]):
            return thread
    return None


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Unwinder(gdb.unwinder.Unwinder):
    """While a greenlet is selected, the caller of the innermost frame is where it
    goes on."""

    def __init__(self):
        super().__init__("geventrs")
        self.chosen = None

    def choose(self, greenlet):
        self.forget()
        frame = gdb.newest_frame()
        self.innermost = self.pointers(frame)
        self.new = {name: gdb.Value(value) for name, value in greenlet.registers().items()}
        self.chosen = greenlet
        gdb.invalidate_cached_frames()

    def forget(self):
        if self.chosen is not None:
            self.chosen = None
            gdb.invalidate_cached_frames()

    @staticmethod
    def pointers(frame):
        return int(frame.read_register("sp")), int(frame.read_register("pc"))

    def __call__(self, frame):
        if self.chosen is None or self.pointers(frame) != self.innermost:
            return None
        sp, pc = frame.read_register("sp"), frame.read_register("pc")
        info = frame.create_unwind_info(FrameId(sp, pc))
        for name, value in self.new.items():
            if not name.startswith("d"):
                info.add_saved_register(name if name != "sp" else stack_pointer(), value)
        return info


def stack_pointer():
    return "rsp" if "x86" in gdb.selected_inferior().architecture().name() else "sp"


UNWINDER = Unwinder()
gdb.unwinder.register_unwinder(None, UNWINDER, replace=True)
gdb.events.cont.connect(lambda _: UNWINDER.forget())


def select(greenlet):
    """Make gdb look at it. Returns how many frames are not its own."""
    UNWINDER.forget()
    if greenlet.os_thread is not None:
        thread = thread_of(greenlet.os_thread)
        if thread is None:
            raise gdb.GdbError("its OS thread %d is not to be seen" % greenlet.os_thread)
        thread.switch()
        return 0
    if not greenlet.alive:
        raise gdb.GdbError("it has ended")
    if greenlet.sp == 0:
        raise gdb.GdbError("it has not begun to run")
    UNWINDER.choose(greenlet)
    return 1


def run(command, hidden):
    """A command's output; of a backtrace without the frames that are not the
    greenlet's."""
    frame = gdb.newest_frame()
    for _ in range(hidden):
        frame = frame.older() or frame
    frame.select()
    output = gdb.execute(command, to_string=True)
    if hidden and re.match(r"(bt|backtrace|where)\b", command):
        output = re.sub(r"\A#0 .*\n(?:[^#].*\n)*", "", output)
    return output


def describe(g):
    reason = g.reason() if g.state in ("waits", "off the hub") else ""
    return '%d "%s" %s%s' % (g.id, g.name, g.state, ": " + reason if reason else "")


class InfoGreenlets(gdb.Command):
    """List the greenlets: id, name, state, what it waits for."""

    def __init__(self):
        super().__init__("info greenlets", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        chosen = UNWINDER.chosen.id if UNWINDER.chosen else None
        for g in Table().greenlets():
            print("%s %s" % ("*" if g.id == chosen else " ", describe(g)))


class GreenletCommand(gdb.Command):
    """greenlet ID: select a greenlet, by id or name, for bt, up, info locals and so on.
greenlet off: back to the OS threads.
greenlet apply all COMMAND, greenlet apply ID... COMMAND: run a command for each."""

    def __init__(self):
        super().__init__("greenlet", gdb.COMMAND_STACK, prefix=False)

    def invoke(self, argument, from_tty):
        words = argument.split()
        if not words:
            chosen = UNWINDER.chosen
            print(describe(chosen) if chosen else "no greenlet is selected")
        elif words[0] == "off":
            UNWINDER.forget()
        elif words[0] == "apply":
            self.apply(words[1:])
        else:
            greenlet = Table().find(words[0])
            hidden = select(greenlet)
            print("[greenlet %s]" % describe(greenlet))
            print(run("frame", hidden), end="")

    def apply(self, words):
        table = Table()
        if words[:1] == ["all"]:
            chosen, rest = table.greenlets(), words[1:]
        else:
            ids = [w for w in words if w.isdigit()]
            chosen, rest = [table.find(w) for w in ids], words[len(ids):]
        if not rest:
            raise gdb.GdbError("greenlet apply all COMMAND, or greenlet apply ID... COMMAND")
        thread, before = gdb.selected_thread(), UNWINDER.chosen
        for g in chosen:
            print("\ngreenlet %s" % describe(g))
            try:
                print(run(" ".join(rest), select(g)), end="")
            except (gdb.error, gdb.GdbError) as e:
                print("(%s)" % e)
            UNWINDER.forget()
            thread.switch()
        if before is not None:
            select(before)


InfoGreenlets()
GreenletCommand()
