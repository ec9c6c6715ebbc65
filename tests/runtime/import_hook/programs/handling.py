"""What handlers do, by whatever way they are left: results, exceptions, tracebacks, names."""

import asyncio
import contextlib
import sys
import traceback

seen = []
try:
    import surely_not_installed
except ImportError as error:
    surely_not_installed = type(error)
for at_module_level in (0, 1, 2):
    try:
        {}[at_module_level]
    except KeyError:
        if at_module_level == 1:
            continue
        seen.append(at_module_level)


class Body:
    for item in (1, 2):
        try:
            [][item]
        except IndexError as error:
            seen.append(str(error))
            if item == 1:
                break
    names = sorted(vars())


def ends(a, b):
    try:
        {}[a]
    except KeyError as error:
        x = 1
    try:
        {}[a]
    except KeyError:
        if a:
            x = 2
    try:
        {}[a]
    except KeyError:
        if a and b:
            x = 3
        elif a or b:
            x = 4
        else:
            pass
    try:
        {}[a]
    except KeyError:
        a and b
        assert a or not a
    return x


def ends_last(a, b):
    try:
        {}[a]
    except KeyError as error:
        if a:
            if b:
                b = 1


def loops(number):
    for each in range(4):
        try:
            {}[each]
        except KeyError:
            if each == 1:
                continue
            if each == number:
                break
    else:
        number = None
    while number:
        try:
            number -= 1
            {}[number]
        except KeyError:
            for inner in range(3):
                if inner == 1:
                    break
            else:
                continue
            while number > 5 and inner:
                number -= 1
    return number


def loop_at_the_end(number):
    try:
        {}[0]
    except KeyError:
        for each in range(number):
            if each == 2:
                break


def while_at_the_end(number):
    try:
        {}[0]
    except KeyError:
        while number and number > 1:
            number -= 1
            if number == 2:
                break


def returns(a):
    try:
        {}[a]
    except KeyError:
        if a == 1:
            return
        if a == 2:
            return None
        if a == 3:
            return dict(
                a=a,
                b=len("b"),
            )
        return a and len("a") or 5


def returns_after_a_branch(a):
    try:
        {}[a]
    except KeyError:
        if a:
            a = 1
        return


def nested(a):
    try:
        {}[a]
    except KeyError:
        try:
            1 / a
        except ZeroDivisionError:
            seen.append(repr(sys.exception()))
        else:
            return "else"


def nested_return(a):
    try:
        {}[a]
    except KeyError:
        try:
            return 1 / a
        except ZeroDivisionError:
            return "none"
        finally:
            seen.append(repr(sys.exception()))


def last_words(a):
    try:
        {}[a]
    except KeyError:
        return a
    else:
        return "else"
    finally:
        seen.append("finally")


def matches(a):
    try:
        {}["no"]
    except KeyError:
        match a:
            case [1, 2]:
                return "list"
            case {"x": x} if x:
                a = x
            case str():
                pass


def matches_all(a):
    try:
        {}["no"]
    except KeyError:
        match a:
            case 1:
                pass
            case other:
                a = other


def within(a):
    try:
        {}[a]
    except KeyError:
        with contextlib.suppress(ZeroDivisionError):
            1 / a


def within_return(a):
    try:
        {}[a]
    except KeyError:
        with contextlib.nullcontext(a) as b:
            return b


def generator(a):
    try:
        {}[a]
    except KeyError as error:
        got = yield repr(error)
        if got:
            yield repr(sys.exception())
        return a


async def coroutine(a):
    for each in range(2):
        try:
            await asyncio.sleep(0)
            {}[a]
        except KeyError:
            if each:
                return await asyncio.sleep(0, a)
            await asyncio.sleep(0)


async def async_generator(a):
    try:
        {}[a]
    except KeyError:
        yield 1
        async for each in async_generator(a - 1) if a else nothing():
            yield each
            if each == 9:
                return


async def nothing():
    for each in ():
        yield each


def group():
    try:
        raise ExceptionGroup("many", [KeyError(1), ValueError(2), OSError(3)])
    except* KeyError as error:
        seen.append(repr(error))
    except* (ValueError, OSError):
        for each in (1, 2):
            continue
        seen.append(repr(sys.exception()))
    return "done"


def deleted():
    try:
        {}[0]
    except KeyError as error:
        del error
    try:
        {}[0]
    except KeyError as error:
        kept = error
    try:
        return error
    except NameError as gone:
        return type(gone), kept.__context__, kept.__traceback__.tb_next


def fails(kind):
    raise kind("no")


def leaves(a):
    try:
        {}[a]
    except KeyError as error:
        if a == 0:
            raise
        if a == 1:
            raise ValueError from error
        if a == 2:
            return [
                a,
                fails(OSError),
            ]
        if a == 3:
            try:
                return a
            finally:
                fails(RuntimeError)
        with contextlib.nullcontext():
            return fails(TypeError)


def steps(a):
    try:
        leaves(a)
    except Exception as error:
        found = traceback.extract_tb(error.__traceback__)
        context = type(error.__context__), type(error.__cause__), error.__suppress_context__
        return [(each.lineno, each.colno, each.end_colno, each.line) for each in found], context


def locals_of_a_handler():
    try:
        {}[0]
    except KeyError as error:
        return sorted(locals())


async def collected():
    return [each async for each in async_generator(2)]


def everything():
    found = [ends(a, b) for a in (0, 1) for b in (0, 1)]
    found += [ends_last(a, b) for a in (0, 1) for b in (0, 1)]
    found += [f(n) for f in (loops, loop_at_the_end, while_at_the_end) for n in (0, 1, 2, 4)]
    found += [f(a) for f in (returns, returns_after_a_branch) for a in range(5)]
    found += [f(a) for f in (nested, nested_return, last_words) for a in (0, 1)]
    found += [f(a) for f in (matches, matches_all) for a in ([1, 2], {"x": 1}, {"x": 0}, "", 1)]
    found += [within(0), within(1), within_return(1), group(), deleted()]
    made = generator(3)
    found += [next(made), made.send(True), list(made), list(generator(4))]
    closed = generator(0)
    next(closed), closed.close()
    found += [asyncio.run(coroutine(7)), asyncio.run(collected())]
    return found


def answer():
    del seen[:]
    return (
        everything(),
        seen,
        [steps(a) for a in range(5)],
        surely_not_installed,
        Body.names,
        sorted(each for each in globals() if "aiprov" in each),
        locals_of_a_handler(),
        sys.exception(),
    )
