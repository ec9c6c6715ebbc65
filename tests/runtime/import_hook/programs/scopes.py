"""Names: outer, global, deleted, in comprehensions, and what a frame says of them."""

import inspect
import sys

counter = 0


def counting():
    count = 0

    def up(by=1):
        nonlocal count
        global counter
        count += by
        counter += by
        return count

    def forget():
        nonlocal count
        del count

    return up, forget


def late():
    return [make() for make in [lambda: each for each in range(3)]]


def early():
    return [make() for make in [lambda each=each: each for each in range(3)]]


def walrus(items):
    found = [(twice, twice := each * 2) for each in items if (twice := each) > 1]
    while (last := items.pop()) > 1:
        pass
    return found, twice, last


def unbound():
    try:
        return not_yet
    except UnboundLocalError as error:
        message = str(error)
    not_yet = 1
    return message, not_yet


def deleted():
    try:
        raise ValueError("gone")
    except ValueError as error:
        kept = error
    return "error" in locals(), kept.args


def seen(argument, *others, key=1, **rest):
    local = 1
    del key
    return sorted(locals()), sorted(vars()), sorted(dir())


def evaluated(value):
    exec("value = 9; made = value")
    return value, eval("value + 1")


def executed():
    namespace = {"base": 2}
    exec("def added(x):\n    return x + base\nclass Made:\n    pass", namespace)
    return namespace["added"](1), namespace["Made"].__name__, sorted(namespace)[1:]


class Scope:
    value = counter
    names = sorted(name for name in locals() if not name.startswith("__"))

    def method(self):
        return counter, [counter for _ in range(1)]


def framed(argument):
    frame = sys._getframe()
    return frame.f_locals["argument"], frame.f_code.co_name, frame.f_lineno


def answer():
    up, forget = counting()
    steps = [up(), up(2), inspect.getclosurevars(up).nonlocals]
    forget()
    try:
        up()
    except NameError as error:
        steps.append(str(error))
    return {
        "steps": steps,
        "late": (late(), early()),
        "walrus": walrus([1, 2, 3]),
        "unbound": unbound(),
        "deleted": deleted(),
        "seen": seen(1, 2, other=3),
        "evaluated": evaluated(1),
        "executed": executed(),
        "class": (Scope.names, Scope.value, Scope().method()),
        "frame": framed(5),
        "globals": [name for name in globals() if "aiprov" in name],
    }
