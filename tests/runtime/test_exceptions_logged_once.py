"""Which exceptions the logs API was told of."""

from __future__ import annotations

import gc
import weakref

from aiprov_otel.runtime import exception_state


class Held:
    pass


def test_it_is_the_same_exception_that_is_known():
    """
    One that is equal is another one, also at an address that became free.
    """
    exception_state.remember_logged(ValueError("a"))

    assert not any(exception_state.was_remembered(ValueError("a")) for _ in range(100))
    error = ValueError("a")
    exception_state.remember_logged(error)
    assert exception_state.was_remembered(error)
    assert vars(error) == {}


def test_nothing_is_kept_alive():
    """
    The frames of an exception that was told, and what they hold, go as they would have gone.
    """

    def fail():
        held = Held()
        seen.append(weakref.ref(held))
        raise ValueError

    seen = []
    try:
        fail()
    except ValueError as error:
        exception_state.remember_logged(error)
    gc.collect()

    assert seen[0]() is None


def test_what_is_logged_counts_once_it_arrived():
    """
    An exception in a record that no handler takes to the logs API has not been told.
    """
    one, two = ValueError(), KeyError()
    exception_state.start_logging(one)
    exception_state.start_logging(two)
    exception_state.finish_logging()
    exception_state.finish_logging()

    assert not exception_state.was_remembered(one)
    assert exception_state.was_remembered(two)


def test_what_is_logged_is_not_kept_alive():
    """
    Nor by a thread that logs it, where no handler takes it to the logs API: what is kept of it goes
    at the next exception after a collection.
    """
    error, held = ValueError(), Held()
    error.held = held
    left = weakref.ref(held)
    exception_state.start_logging(error)
    del error, held
    gc.collect()
    exception_state.state_of(KeyError())

    assert left() is None
    exception_state.finish_logging()
