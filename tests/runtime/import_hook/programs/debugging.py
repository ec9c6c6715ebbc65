"""Debuggers: break points on every line, conditions, steps, what is shown."""

import asyncio
import bdb
import io
import pdb
import sys


def total(items):
    """Adds up."""
    found = 0
    for each in items:
        found += each
    return found


def twice(items):
    first = total(items)
    second = total(items)
    return first + second


def generator():
    for each in range(2):
        yield each


async def coroutine():
    await asyncio.sleep(0)
    return 1


class Cart:
    def add(self, x): return x

    @property
    def total(self):
        kept = self.add(2)
        return kept


def session():
    twice([1, 2])
    list(generator())
    asyncio.run(coroutine())
    return Cart().total


class Debugger(bdb.Bdb):
    """Stops where it is told to, and notes it."""

    def __init__(self, command):
        super().__init__()
        self.command = command
        self.heard = []

    def note(self, what, frame):
        if frame.f_code.co_filename == __file__:
            self.heard.append((what, frame.f_code.co_name, frame.f_lineno))
        getattr(self, self.command)(*[frame] * (self.command != "set_step"))

    def user_line(self, frame):
        self.note("line", frame)

    def user_return(self, frame, value):
        self.note("return", frame)

    def user_call(self, frame, arguments):
        self.note("call", frame)


def stepped(command):
    debugger = Debugger(command)
    debugger.runcall(session)
    return debugger.heard


class Stopping(Debugger):
    """Runs from one break point to the next."""

    def note(self, what, frame):
        self.heard.append((what, frame.f_code.co_name, frame.f_lineno, str(frame.f_locals.get("x"))))
        self.set_continue()


def lines_with_code():
    found = set()
    waiting = [each.__code__ for each in (total, twice, generator, coroutine, Cart.add)]
    while waiting:
        code = waiting.pop()
        found |= {line for _, _, line in code.co_lines() if line}
        waiting += [each for each in code.co_consts if hasattr(each, "co_lines")]
    return sorted(found)


def stopped():
    debugger = Stopping("set_continue")
    refused = [debugger.set_break(__file__, line) for line in lines_with_code()]
    debugger.runcall(session)
    debugger.clear_all_breaks()
    return refused, debugger.heard


def conditional():
    debugger = Stopping("set_continue")
    debugger.set_break(__file__, total.__code__.co_firstlineno + 4, cond="each == 2")
    debugger.runcall(session)
    debugger.clear_all_breaks()
    return debugger.heard


COMMANDS = """\
break total
continue
args
next
step
where
tbreak twice
p items
return
p __return__
up
p items
down
until
continue
list
"""


def typed_in():
    said = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO(COMMANDS + "clear 1\ncontinue\n" * 4), stdout=said)
    debugger.use_rawinput = False
    debugger.reset()
    debugger.runcall(session)
    debugger.clear_all_breaks()
    lines = said.getvalue().replace(__file__, "here").split("\n")
    return [line for line in lines if line.startswith(("here", "(Pdb) here", "> here", "(Pdb) ["))]


def answer():
    before = sys.gettrace()
    try:
        steps = {each: stepped(each) for each in ("set_step", "set_next", "set_return", "set_until")}
        return steps | {"stopped": stopped(), "conditional": conditional(), "typed": typed_in()}
    finally:
        sys.settrace(before)
