"""What tests are written with: doctest, unittest and its mocks."""

import asyncio
import doctest
import io
import unittest
from unittest import mock


def add(x, y=1):
    """Adds.

    >>> add(1)
    2
    >>> add(1, y=4)
    6
    >>> add("a")
    Traceback (most recent call last):
        ...
    TypeError: can only concatenate str (not "int") to str
    """
    return x + y


class Cart:
    """
    >>> Cart().total
    3
    """

    @property
    def total(self):
        """
        >>> Cart().total + 1
        4
        """
        return 3

    @classmethod
    def made(cls, *items):
        """
        >>> Cart.made().total
        3
        """
        return cls()

    async def pay(self, amount: int, *, card=None): ...

    def each(self):
        """
        >>> next(Cart().each())
        1
        """
        yield 1


class Tests(unittest.TestCase):
    def setUp(self):
        self.addCleanup(log.append, "cleaned")

    def test_passes(self):
        """It does."""
        for each in range(2):
            with self.subTest(each=each):
                self.assertEqual(add(each), each + 1)

    @unittest.skip("not now")
    def test_skipped(self): ...

    @unittest.expectedFailure
    def test_expected(self):
        self.fail("so it is")

    def test_fails(self):
        self.assertEqual(add(1), 3)


class AsyncTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.value = 1

    async def test_async(self):
        await asyncio.sleep(0)
        self.assertEqual(self.value, 1)


log = []


def documented():
    said, module = io.StringIO(), __import__("sys").modules[__name__]
    runner = doctest.DocTestRunner()
    tests = [each for each in doctest.DocTestFinder(exclude_empty=False).find(module)]
    for each in tests:
        runner.run(each, out=said.write)
    found = sorted((each.name, each.lineno, len(each.examples)) for each in tests)
    return found, runner.summarize(verbose=False)[:2], said.getvalue().replace(__file__, "here")


def tested():
    found = {}
    for case in (Tests, AsyncTests):
        for test in unittest.defaultTestLoader.loadTestsFromTestCase(case):
            result = test.run()
            problems = result.failures + result.errors
            found[test.id()] = (
                result.testsRun, len(result.skipped), len(result.expectedFailures),
                test.shortDescription(), [text.replace(__file__, "here") for _, text in problems],
            )
    return found


def refused(made, *args, **kwargs):
    try:
        made(*args, **kwargs)
    except (TypeError, AttributeError) as error:
        return str(error)


def mocked():
    cart, function = mock.create_autospec(Cart), mock.create_autospec(add, return_value=7)
    with mock.patch(f"{__name__}.add", autospec=True) as patched:
        patched.side_effect = lambda x, y=1: x * y
        inside = add(3, 4)
        patched.assert_called_once_with(3, y=4)
    with mock.patch.object(Cart, "each", autospec=True) as each:
        Cart().each()
    kinds = [type(getattr(cart(), name)).__name__ for name in ("pay", "made", "each")]
    return {
        "function": (function(1), refused(function), refused(function, 1, 2, 3)),
        "class": (kinds, refused(cart().pay, 1, 2), refused(getattr, cart, "nothing")),
        "patched": (inside, add(1), each.call_count),
        "awaited": asyncio.run(cart().pay(1, card=2)) is not None,
    }


def answer():
    log.clear()
    return documented(), tested(), mocked(), log
