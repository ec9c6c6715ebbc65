"""Pattern matching, guards and captures."""

from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int


class Colors:
    RED = "red"


def kind(thing):
    match thing:
        case None | True | False:
            return "constant"
        case int(number) if number > 9:
            return "big", number
        case int() | float() as number:
            return "small", number
        case Colors.RED:
            return "red"
        case "":
            return "empty"
        case str():
            return "text", len(thing)
        case Point(x=0, y=0):
            return "origin"
        case Point(x, y):
            return "point", x, y
        case []:
            return "nothing"
        case [only]:
            return "one", only
        case [first, *_, last]:
            return "many", first, last
        case {"name": name, **rest}:
            return "named", name, rest
        case _:
            return "other"


def chosen(command):
    match command.split():
        case ["go", ("north" | "south") as way]:

            def answered():
                return way

        case ["stop"]:
            answered = lambda: "stopped"
        case _:
            return None
    return answered()


def walked(tree):
    match tree:
        case (left, right):
            yield from walked(left)
            yield from walked(right)
        case leaf:
            yield leaf


def answer():
    things = [None, True, 10, 3, 2.5, "red", "", "abc", Point(0, 0), Point(1, 2)] + [
        [],
        [1],
        [1, 2, 3],
        {"name": "a", "b": 1},
        object,
    ]
    return {
        "kinds": [kind(each) for each in things],
        "chosen": [chosen(each) for each in ("go north", "go east", "stop")],
        "walked": list(walked(((1, 2), (3, (4, 5))))),
    }
