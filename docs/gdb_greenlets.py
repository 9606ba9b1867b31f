"""gdb commands for a process under libgeventrs.so.

    greenlets        every greenlet: id, name, why it waits, stack pointer
    greenlet ID      the backtrace of a parked greenlet (not of the running one,
                     which `bt` shows)

Load with `source docs/gdb_greenlets.py`. The library must have been built with
full debugging information: CARGO_PROFILE_RELEASE_DEBUG=2 cargo build --release.
`greenlet` sets registers for the time of the backtrace: use it on a live
process, not on a core file. x86-64 only.
"""
import gdb


def only(value):
    """The value inside Cell, UnsafeCell and their like."""
    while value.type.code == gdb.TYPE_CODE_STRUCT and len(value.type.fields()) == 1:
        value = value[value.type.fields()[0]]
    return value


def hub():
    try:
        return in_rust(lambda: gdb.parse_and_eval("geventrs::hub::HUB"))
    except gdb.error:
        raise gdb.GdbError("no types of the library: build it with CARGO_PROFILE_RELEASE_DEBUG=2")


def all_greenlets():
    at = only(hub()["all"])
    while int(at):
        g = at.dereference()
        yield g
        at = only(g["all_next"])


def stack_pointer(g):
    """Where a parked greenlet's registers are; 0 for one that has not run."""
    return int(only(g["sp"]))


def in_rust(what):
    language = gdb.parameter("language")
    gdb.execute("set language rust", to_string=True)
    try:
        return what()
    finally:
        gdb.execute("set language " + language, to_string=True)


class Greenlets(gdb.Command):
    def __init__(self):
        super().__init__("greenlets", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        for g in all_greenlets():
            name = only(g["name"])
            name = "".join(chr(int(name[i])) for i in range(16)).split("\0")[0]
            reason = in_rust(only(g["reason"]).format_string).split("::")[-1]
            sp = stack_pointer(g)
            print(int(only(g["id"])), repr(name), reason, hex(sp) if sp else "(has not run)")


class Greenlet(gdb.Command):
    def __init__(self):
        super().__init__("greenlet", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        for g in all_greenlets():
            if int(only(g["id"])) != int(argument):
                continue
            sp = stack_pointer(g)
            if not sp:
                raise gdb.GdbError("it has not run")
            word = lambda at: int.from_bytes(gdb.selected_inferior().read_memory(at, 8), "little")
            # What arch::swap has stored, from low to high.
            new = {r: word(sp + 8 * i) for i, r in enumerate(["r15", "r14", "r13", "r12", "rbx", "rbp", "rip"])}
            new["rsp"] = sp + 56
            gdb.execute("frame 0", to_string=True)
            old = {r: int(gdb.parse_and_eval("$" + r)) for r in new}
            try:
                for r, v in new.items():
                    gdb.execute(f"set ${r} = {v}")
                gdb.execute("bt")
            finally:
                for r, v in old.items():
                    gdb.execute(f"set ${r} = {v}")
            return
        raise gdb.GdbError("no such greenlet")


Greenlets()
Greenlet()
