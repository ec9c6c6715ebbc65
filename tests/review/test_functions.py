from __future__ import annotations

from aiprov_otel.review.functions import functions

SOURCE = b'''\
@cache
def outer(a):
    """What it does."""
    def inner():
        raise KeyError
    try:
        return inner()
    except KeyError:
        return None

class Cart:
    async def total(self):
        if self:
            class Local:
                def deep(self):
                    return 1
        return lambda: 2
'''


def test_functions_have_pythons_names_and_their_own_lines():
    """
    Each function has its qualified name, and neither its decorators, its `def`, nor the bodies of
    functions inside of it are its body.
    """
    found = {function.name: function for function in functions(SOURCE)}

    assert list(found) == [
        "outer",
        "outer.<locals>.inner",
        "Cart.total",
        "Cart.total.<locals>.Local.deep",
    ]
    assert found["outer"].first == 2
    assert sorted(found["outer"].body) == [3, 4, 6, 7, 8, 9]
    assert sorted(found["outer.<locals>.inner"].body) == [5]
    assert sorted(found["Cart.total"].body) == [13, 14, 15, 17]


def test_edges_are_except_and_raise():
    """
    The edge cases of a function are its own `except` and `raise` lines.
    """
    found = {function.name: function.edges for function in functions(SOURCE)}

    assert (found["outer"], found["outer.<locals>.inner"]) == ({8}, {5})
