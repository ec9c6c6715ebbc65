"""Exceptions: order, context, cause, groups, notes, what is current, what is printed."""

import sys
import traceback


class Own(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def ordered(log, error):
    try:
        log.append("try")
        if error:
            raise error
    except KeyError as caught:
        log.append(repr(caught))
        return "handled"
    else:
        log.append("else")
        return "done"
    finally:
        log.append("finally")


def replaced():
    try:
        raise KeyError(1)
    finally:
        return "returned"


def looped():
    seen = []
    for each in range(4):
        try:
            if each == 1:
                continue
            if each == 3:
                break
            seen.append(each)
        finally:
            seen.append(-each)
    else:
        seen.append("else")
    return seen


def chained():
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise Own(2) from error
    except Own as error:
        try:
            raise ValueError("last")
        except ValueError as last:
            return [repr(each) for each in (error.__cause__, last.__context__, error.code)]


def grouped():
    taken = []
    try:
        raise ExceptionGroup("g", [ValueError(1), KeyError(2), ExceptionGroup("h", [OSError(3)])])
    except* ValueError as group:
        taken.append(repr(group.exceptions))
    except* (KeyError, OSError) as group:
        taken.append([repr(each) for each in group.exceptions])
    return taken


def current():
    before = sys.exception()
    try:
        raise KeyError
    except KeyError:
        inside = repr(sys.exception())
        nothing_raised()
        still = repr(sys.exc_info()[1])
    return before, inside, still, sys.exception()


def nothing_raised():
    return sys.exception()


def again():
    try:
        try:
            raise Own(5)
        except Own as error:
            error.add_note("seen")
            raise
    except Own as error:
        return error.__notes__, [step.lineno for step in traceback.extract_tb(error.__traceback__)]


def implicit():
    def generator():
        raise StopIteration(1)
        yield

    try:
        list(generator())
    except RuntimeError as error:
        return str(error), repr(error.__cause__)


def printed():
    def deep(n):
        return 1 / n if n == 0 else deep(n - 1)

    try:
        deep(2)
    except ZeroDivisionError:
        text = traceback.format_exc()
    return text.replace(__file__, "here")


def hooked():
    """What is printed of what nobody handles, with all that led to it."""
    try:
        try:
            raise KeyError("below")
        except KeyError as error:
            [Own(each) for each in (1,)][0].with_traceback(None)
            raise Own({"a": 1}) from error
    except Own as error:
        lines = traceback.TracebackException.from_exception(error, compact=True).format()
        return "".join(lines).replace(__file__, "here")


def interrupted():
    try:
        raise KeyboardInterrupt
    except Exception:
        return "no"
    except BaseException as error:
        return type(error).__name__, error.__traceback__.tb_lineno


def answer():
    log = []
    results = [ordered(log, None), ordered(log, KeyError(1))]
    try:
        ordered(log, Own(3))
    except Own as error:
        results.append((error.code, error.__traceback__.tb_next.tb_lineno))
    return {
        "ordered": (results, log),
        "replaced": replaced(),
        "looped": looped(),
        "chained": chained(),
        "grouped": grouped(),
        "current": current(),
        "again": again(),
        "implicit": implicit(),
        "printed": printed(),
        "hooked": hooked(),
        "interrupted": interrupted(),
    }
