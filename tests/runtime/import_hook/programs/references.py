"""Weak references, finalizers, copies, pickles, and that nothing is kept alive."""

import copy
import functools
import gc
import pickle
import weakref

gone = []


class Thing:
    def __init__(self, name):
        self.name = name
        self.on_change = self.changed

    def changed(self):
        return self.name

    def __del__(self):
        gone.append(self.name)

    def __eq__(self, other):
        return self.name == other.name

    def __getstate__(self):
        return {"name": self.name}

    def __setstate__(self, state):
        self.name = state["name"]


class Node:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return made, (self.value,)

    def __copy__(self):
        return Node(-self.value)

    def __deepcopy__(self, memo):
        return Node(self.value * 10)


def made(value):
    return Node(value)


def module_level(x, y=2):
    return x + y


def local_thing():
    thing = Thing("local")
    thing.on_change = None
    return weakref.ref(thing)


def failing():
    thing = Thing("failing")
    thing.on_change = None
    raise ValueError("with a local")


def after_failing():
    try:
        failing()
    except ValueError:
        pass
    return list(gone)


def finalized():
    log = []

    def closure():
        return log

    weakref.finalize(closure, log.append, "finalized")
    del closure
    return log


def weak_method():
    thing = Node(4)
    method = weakref.WeakMethod(thing.__reduce__)
    alive = method()()[1]
    del thing
    return alive, method()


def cycles():
    gc.collect()

    def work(n):
        try:
            return 1 / n
        except ZeroDivisionError:
            return None

    for each in range(10):
        work(each)
    return gc.collect()


def refused():
    local = lambda: 1
    found = []
    for thing in (local, (each for each in "ab")):
        try:
            pickle.dumps(thing)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            found.append(type(error).__name__)
    return found


def answer():
    gone.clear()
    reference = local_thing()
    thing = Thing("kept")
    bound = functools.partial(module_level, 1)
    found = {
        "local": (reference() is None, list(gone)),
        "failing": after_failing(),
        "finalized": finalized(),
        "weak": weak_method(),
        "cycles": cycles(),
        "functions": [
            pickle.loads(pickle.dumps(each, protocol)) is each
            for each in (module_level, Thing, Node.__copy__, made)
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ],
        "objects": (
            pickle.loads(pickle.dumps(thing)) == thing,
            pickle.loads(pickle.dumps(bound))(),
        ),
        "bound": pickle.loads(pickle.dumps(Node(3).__reduce__))()[1],
        "copies": [copy.copy(Node(2)).value, copy.deepcopy([Node(2)])[0].value],
        "same": copy.deepcopy(module_level) is module_level,
        "refused": refused(),
    }
    thing.on_change = None
    return found
