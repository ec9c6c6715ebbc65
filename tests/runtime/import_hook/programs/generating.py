"""Generators: sent to, thrown into, closed, delegating, dropped; and their states."""

import gc
import inspect
import weakref

log = []


def echo(first=0):
    got = first
    while True:
        try:
            got = yield got
        except ValueError as error:
            got = f"took {error}"
        except GeneratorExit:
            log.append("closed")
            raise


def returning():
    yield 1
    return "value"


def delegating():
    result = yield from returning()
    yield result
    yield from "ab"
    yield from echo()


def stubborn():
    try:
        yield 1
    except GeneratorExit:
        yield 2


def states():
    made = echo()
    seen = [inspect.getgeneratorstate(made), made.gi_frame.f_lineno]
    next(made)
    seen += [inspect.getgeneratorstate(made), made.gi_frame.f_lineno, made.gi_running]
    made.close()
    return [*seen, inspect.getgeneratorstate(made), made.gi_frame]


def itself():
    def running():
        yield inspect.getgeneratorstate(made), made.gi_running
        try:
            next(made)
        except ValueError as error:
            yield str(error)

    made = running()
    return list(made)


def stopped():
    made = returning()
    next(made)
    try:
        next(made)
    except StopIteration as stop:
        return stop.value, next(made, "nothing")


def refused():
    made = stubborn()
    next(made)
    try:
        made.close()
    except RuntimeError as error:
        return str(error)


def dropped():
    class Held:
        pass

    held = Held()
    reference = weakref.ref(held)

    def holding(thing):
        try:
            yield thing
        finally:
            log.append("dropped")

    made = holding(held)
    next(made)
    del held
    alive = reference() is not None
    del made
    gc.collect()
    return alive, reference() is None


class Lines:
    def __init__(self, count):
        self.count = count

    def __iter__(self):
        for each in range(self.count):
            yield each


def nested(depth):
    if depth:
        yield depth
        yield from nested(depth - 1)


def squares(n):
    return (each * each for each in range(n) if each % 2)


def wrong():
    def of_number():
        yield from 5

    try:
        list(of_number())
    except TypeError as error:
        return str(error)


def answer():
    log.clear()
    made = echo(1)
    talked = [
        next(made),
        made.send("a"),
        made.throw(ValueError("b")),
        made.send(None),
        made.close(),
    ]
    through = delegating()
    passed = [next(through) for _ in range(5)]
    passed += [through.send("c"), through.throw(ValueError("d"))]
    through.close()
    return {
        "talked": talked,
        "passed": passed,
        "states": states(),
        "itself": itself(),
        "stopped": stopped(),
        "refused": refused(),
        "dropped": dropped(),
        "others": (list(Lines(3)), list(nested(4)), list(squares(6)), wrong()),
        "kind": (inspect.isgeneratorfunction(echo), inspect.isgenerator(made), made.__qualname__),
        "log": log,
    }
