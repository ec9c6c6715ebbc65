"""Parameters of every kind, defaults and their order, attributes, docstrings, text."""

import inspect

log = []


def noting(thing):
    log.append(thing)
    return thing


def every(a, b=noting(1), /, c=noting(2), *rest, d, e=noting([]), **more):
    """Every kind.

        Indented.
    """
    e.append(len(e))
    return a, b, c, rest, d, list(e), more


def only_a_docstring():
    """Nothing else."""


def nothing(): ...


def passed():
    pass


def on_one_line(): return 1


def multiple(
    first,
    # a comment between
    second=(
        1,
        2,
    ),
):
    # a comment first

    return first, second


@noting
@(lambda function: noting(function))
def decorated(
    x,
):
    'Single quotes.'
    return x


class Documented:
    """A class."""

    def method(self):
        return 1

    def undocumented(self):
        # Said by a comment.
        return 2


class Inheriting(Documented):
    def method(self):
        return super().method()

    def undocumented(self):
        """Said here."""


def wrong(*args, **kwargs):
    try:
        every(*args, **kwargs)
    except TypeError as error:
        return str(error)


if log:

    def chosen():
        return "then"

else:

    def chosen():
        return "else"


for number in range(2):

    def counted(n=number):
        return n


try:
    raise KeyError
except KeyError:

    def caught():
        return "caught"

finally:

    def at_last():
        return "last"


f = lambda x, *y, z=3: (x, y, z)
pairs = {"a": lambda: 1, "b": (lambda: 2)}
typed: object = lambda: 4
first, second = lambda: 5, lambda: 6


def answer():
    log.clear()
    functions = [every, only_a_docstring, nothing, passed, on_one_line, multiple, decorated]
    functions += [chosen, counted, caught, at_last, f, pairs["a"], typed, first]
    nothing.attribute = 1
    every.__defaults__ = (10, 20)
    return {
        "called": [every(0, d=1), every(0, 1, 2, 3, d=4, g=5), multiple(1), decorated(3), f(1, 2)],
        "empty": [only_a_docstring(), nothing(), passed(), on_one_line()],
        "chosen": [chosen(), counted(), caught(), at_last(), typed(), first(), second()],
        "wrong": [wrong(), wrong(1), wrong(1, 2, 3, a=1, d=1), wrong(a=1, d=2)],
        "signatures": [str(inspect.signature(each)) for each in functions],
        "documentation": [each.__doc__ for each in functions],
        "cleaned": [inspect.getdoc(Inheriting.method), inspect.getcomments(f), inspect.getdoc(every)],
        "sources": [inspect.getsourcelines(each) for each in functions[:11]],
        "class": inspect.getsource(Documented),
        "names": [(each.__name__, each.__qualname__, each.__module__) for each in functions],
        "lines": [each.__code__.co_firstlineno for each in functions],
        "attributes": (vars(nothing), inspect.getmodule(every).__name__),
        "bound": inspect.signature(every).bind(1, d=2).arguments,
        "members": [name for name, _ in inspect.getmembers(Inheriting(), inspect.ismethod)],
    }
