"""functools: caches, partial functions, dispatch, wrapping."""

import functools
import gc
import inspect
import weakref


@functools.cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@functools.lru_cache(maxsize=2, typed=True)
def typed(x):
    return [x]


class Cart:
    loads = 0

    @functools.cached_property
    def items(self):
        """What is in it."""
        Cart.loads += 1
        return [1, 2]

    @functools.lru_cache
    def price(self, x):
        return x


@functools.singledispatch
def shown(thing):
    return "thing"


@shown.register(list)
def _(thing):
    return [shown(each) for each in thing]


@shown.register
def of_number(thing: int | float) -> str:
    return "number"


def counted(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)

    wrapper.calls = 0
    return wrapper


@counted
def greet(name, *, loud=False):
    """Say it."""
    return name.upper() if loud else name


def reduced(items):
    return functools.reduce(lambda a, b: a * 10 + b, items, 0)


@functools.cmp_to_key
def by_length(a, b):
    return len(a) - len(b)


def collected():
    def short(x):
        return [x]

    cached = functools.cache(short)
    cached(1)
    reference = weakref.ref(short)
    del short, cached
    gc.collect()
    return reference() is None


def answer():
    cart = Cart()
    loud = functools.partial(greet, loud=True)
    return {
        "fibonacci": (fibonacci(30), fibonacci.cache_info()),
        "typed": ([typed(each) for each in (1, 1.0, True, 1)], typed.cache_info()),
        "property": (cart.items, cart.items is cart.items, Cart.loads, Cart.items.__doc__),
        "method": (cart.price(3), cart.price(3), Cart.price.cache_info()),
        "shown": shown([1, "a", [2.5]]),
        "registry": [getattr(each, "__name__", each) for each in shown.registry],
        "greet": (greet("a"), loud("b"), greet.calls, greet.__wrapped__.__name__),
        "signature": [str(inspect.signature(each)) for each in (greet, loud, fibonacci)],
        "reduced": reduced([1, 2, 3]),
        "sorted": sorted(["ccc", "a", "bb"], key=by_length),
        "collected": collected(),
    }
