"""Many at once: no span carries its neighbor's provenance."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from aiprov_otel.manifest import Run, SourceFile, content_hash
from support.application import AI

TASKS, FUNCTIONS, THREADS = 10_000, 1_000, 500
TEXT = """
@provenance
def f{0}(library):
    return library({0})

@provenance
async def g{0}(library):
    return await library({0})
"""
LINES = TEXT.count("\n")


@pytest.fixture
def many(application):
    """Makes a module of as many functions, plain and async, each of a commit of its own."""

    def many(count):
        text = "from aiprov_otel import provenance\n"
        text += "".join(TEXT.format(number) for number in range(count))
        decorated = (
            Run(2 + number * LINES, LINES, replace(AI, commit=str(number), path="many.py"))
            for number in range(count)
        )
        runs = (Run(1, 1, replace(AI, path="many.py")), *decorated)
        application.sources.append(
            SourceFile("many.py", "many.py", content_hash(text.encode()), runs)
        )
        application.place("many.py", text)
        application.install()
        return application.module("many")

    return many


def check(application, count):
    """Each function's and each library's span is of its own function, one below the other."""
    spans = application.memory.get_finished_spans()
    by_id = {span.context.span_id: span for span in spans}
    assert len(spans) == 2 * count
    for span in spans:
        number = span.attributes["aiprov.commit.id"]
        if span.name.startswith("library"):
            assert span.attributes["aiprov.unit"] == "caller"
            assert span.name == f"library {number}"
            assert by_id[span.parent.span_id].attributes["aiprov.commit.id"] == number
        else:
            assert span.attributes["aiprov.unit"] == "function"
            assert span.name in (f"many.f{number}", f"many.g{number}")


def test_tasks_do_not_mix(application, many):
    """
    Ten thousand tasks, ten of each of a thousand functions, each keep their provenance.
    """
    functions = many(FUNCTIONS)
    numbers = [number % FUNCTIONS for number in range(TASKS)]

    async def library(number):
        with application.tracer.start_as_current_span(f"library {number}"):
            await asyncio.sleep(0)
            return number

    async def main():
        return await asyncio.gather(*(getattr(functions, f"g{n}")(library) for n in numbers))

    assert asyncio.run(main()) == numbers
    check(application, TASKS)


def test_threads_do_not_mix(application, many):
    """
    Five hundred threads that begin together each keep theirs.
    """
    functions = many(THREADS)
    barrier = threading.Barrier(THREADS)

    def library(number):
        with application.tracer.start_as_current_span(f"library {number}"):
            pass

    def work(function):
        barrier.wait()
        function(library)

    threads = [
        threading.Thread(target=work, args=(getattr(functions, f"f{n}"),)) for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(application, THREADS)
