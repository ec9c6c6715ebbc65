"""What can be said of any exception, without leaving anything on it or keeping it alive."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
import threading
import weakref
from concurrent import futures

import pytest

from aiprov_otel.runtime.exception_state import first_met, is_failure, type_name


class Declined(Exception):
    """With attributes, as applications have them."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


class Slotted(Exception):
    __slots__ = ("code",)


class Strange(Exception):
    @property
    def __dict__(self):
        raise RuntimeError


EVERY = [
    KeyError("x"),
    OSError(2, "no"),
    Declined(5),
    Slotted(),
    Strange(),
    ExceptionGroup("several", [ValueError()]),
    UnicodeDecodeError("utf-8", b"", 0, 1, "bad"),
    asyncio.CancelledError(),
]


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_each_object_is_met_once(error):
    """
    Whatever its class, it is new once; an equal one is another.
    """
    assert [first_met(error) for _ in range(3)] == [True, False, False]
    assert first_met(type(error).__new__(type(error), *error.args))


def test_the_next_one_at_the_same_address_is_new():
    """
    In a loop the next failure mostly has the address of the last, and is another all the same.
    """
    met, places = 0, set()
    for _ in range(100):
        error = KeyError("x")
        places.add(id(error))
        met += first_met(error)
        del error

    assert met == 100
    assert len(places) < 100


def test_it_is_as_it_was():
    """
    No attribute is added or lost, and it can be written to, copied, pickled and noted as before.
    """
    error = Declined(5)
    before = dict(vars(error))
    first_met(error)
    assert vars(error) == before
    assert repr(vars(error)) == repr(before)

    error.retried = True
    error.add_note("twice")
    for other in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert vars(other) == {"code": 5, "retried": True, "__notes__": ["twice"]}
        assert type(vars(other)) is dict
        assert b"aiprov" not in pickle.dumps(other)
    assert b"aiprov" not in pickle.dumps(error)


def test_it_dies_when_it_would_have_died():
    """
    Neither the exception nor what its frames hold is kept alive.
    """

    class Held:
        pass

    def fail():
        held = Held()
        alive.append(weakref.ref(held))
        raise KeyError(id(held))

    alive = []
    gc.disable()
    try:
        try:
            fail()
        except KeyError as error:
            first_met(error)
        assert alive[0]() is None
    finally:
        gc.enable()


def test_threads_that_meet_one_agree():
    """
    Of many threads that meet the same exceptions at once, exactly one is the first for each.
    """
    errors = [KeyError(number) for number in range(2_000)]
    ready = threading.Barrier(8)
    found = []

    def meet():
        ready.wait()
        found.extend(id(error) for error in errors if first_met(error))

    threads = [threading.Thread(target=meet) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == sorted(map(id, errors))


def test_a_class_of_python_is_named_bare():
    """
    `error.type` is bare for a builtin, and qualified for every other class.
    """
    assert type_name(KeyError()) == "KeyError"
    assert type_name(Declined(1)) == f"{__name__}.Declined"


@pytest.mark.parametrize(
    "called_off", [asyncio.CancelledError(), futures.CancelledError(), KeyboardInterrupt(), None]
)
def test_what_was_called_off_is_no_failure(called_off):
    """
    Neither what asyncio nor what a pool of threads raises of it.
    """
    assert not is_failure(called_off)
    assert is_failure(ValueError())
