"""Many at once: no span carries its neighbor's provenance."""

from __future__ import annotations

import asyncio
import threading

import pytest

from aiprov_otel import provenance

TASKS, THREADS = 1000, 50


def functions(count):
    """As many decorated functions, each with its own commit."""
    made = []
    for number in range(count):
        space = {"provenance": provenance, "__name__": "many"}
        text = (
            f"@provenance(origin='ai', commit='{number}')\n"
            f"def f{number}(library):\n    return library({number})\n"
            f"@provenance(origin='ai', commit='{number}')\n"
            f"async def g{number}(library):\n    return await library({number})\n"
        )
        exec(compile(text, "/many.py", "exec"), space)
        made.append((space[f"f{number}"], space[f"g{number}"]))
    return made


@pytest.fixture
def library(application):
    """What each function calls: it starts a span of its own, named by number."""
    application.install()

    def sync(number):
        with application.tracer.start_as_current_span(f"library {number}"):
            return number

    async def later(number):
        with application.tracer.start_as_current_span(f"library {number}"):
            await asyncio.sleep(0)
            return number

    return sync, later


def check(application, count):
    """Each function's and each library's span is of its own function, one below the other."""
    spans = application.memory.get_finished_spans()
    by_id = {span.context.span_id: span for span in spans}
    assert len(spans) == 2 * count
    for span in spans:
        number = span.attributes["aiprov.commit.id"]
        if span.name.startswith("library"):
            assert span.name == f"library {number}"
            assert by_id[span.parent.span_id].attributes["aiprov.commit.id"] == number
        else:
            assert span.name in (f"many.f{number}", f"many.g{number}")


def test_tasks_do_not_mix(application, library):
    """
    A thousand tasks, each with a function of its own, each keep their provenance.
    """

    async def main():
        return await asyncio.gather(*(g(library[1]) for _, g in functions(TASKS)))

    assert asyncio.run(main()) == list(range(TASKS))
    check(application, TASKS)


def test_threads_do_not_mix(application, library):
    """
    Fifty threads that begin together each keep theirs.
    """
    barrier = threading.Barrier(THREADS)

    def work(function):
        barrier.wait()
        function(library[0])

    threads = [threading.Thread(target=work, args=(f,)) for f, _ in functions(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(application, THREADS)
