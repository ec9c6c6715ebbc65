"""An exception at each line of ours, in turn: the application is as it would be without us."""

from __future__ import annotations

import gc
import json
import random
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import SpanProcessor

import aiprov_otel
from aiprov_otel.runtime import state
from aiprov_otel.runtime.annotator import Annotator
from aiprov_otel.runtime.frameworks._helpers import self_naming
from aiprov_otel.runtime.resolver import Resolver
from support.application import run
from support.faults import FAULTS, Trace

# What is raised as Python closes a generator of ours is printed, and goes no further.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PROGRAMS = Path(__file__).with_name("fault_programs.py").read_text()
ENDS = Path(__file__).with_name("fault_ends.py").read_text()
NAMES = ("results", "chained", "generators", "asynchronous", "logged", "served")
MODES = {
    "decorated": {},
    "count": {"mode": "count"},
    "metrics": {"mode": "metrics"},
    "spans": {"mode": "spans"},
    "earned": {"mode": "spans", "min_duration": 1e-9},
}
"""How a program gets its calls: by the decorator, or by these arguments of the import hook."""
if sys.version_info < (3, 12):
    del MODES["earned"]  # docs/guarantees.md says what is not guaranteed there
SAMPLE = 10
"""Sites that `make test` tries of each program, for each fault."""

COUNTING = {"count_handled", "count_split"}
"""What counts an exception that was handled; without memory it does nothing."""


class Open(SpanProcessor):
    """The spans of ours that have not ended."""

    def __init__(self):
        self.spans = []

    def on_start(self, span, parent_context=None):
        if span.instrumentation_scope.name == "aiprov_otel":
            self.spans.append(span)


def untouched(thing):
    """What is decorated where the import hook is to see the calls."""
    return thing


class Case:
    """A program in an installed process, and what it returns without us."""

    def __init__(self, application, name, mode, stack):
        self._mode = mode
        self.known = Open()
        application.provider.add_span_processor(self.known)
        self.tracer = application.tracer
        bare = application.module("untouched", PROGRAMS)
        self.expected = getattr(bare, name)(untouched, self.tracer)()
        stack.enter_context(application.install())
        if mode != "decorated":
            stack.enter_context(aiprov_otel.install_import_hook(mode, **MODES[mode]))
        module = application.module(f"{mode}.program", PROGRAMS)
        module.named = self_naming
        self._program = getattr(module, name)
        self._provenance = aiprov_otel.provenance if mode == "decorated" else untouched

    def run(self, traced):
        """What the program returns, and what it raises, in a process that knows no file yet."""
        annotator = state.current
        state.current = Annotator(Resolver(annotator.resolver.manifests), annotator.emission)
        returned = reached = None
        program = self._program(self._provenance, self.tracer)
        context.attach(Context())
        try:
            with traced.running():
                returned = program()
        except BaseException as error:  # noqa: BLE001 (whichever comes)
            reached = error
        return returned, reached

    def sites(self, fault):
        """How often the program passes each site at which *fault* can arrive."""
        self.run(Trace())  # what a process does only once is done
        traced = Trace()
        assert self.run(traced) == (self.expected, None)
        passed = traced.passed.items()
        return {site: number for site, number in passed if fault.can_arrive(site)}

    def _may_stay(self, fault):
        """Whether docs/guarantees.md leaves open what is current, or open, after *fault*."""
        return fault.name == "memory" and self._mode in {"spans", "earned"}

    def fallen(self, fault, site, number):
        """How *fault*, where *site* is passed so often, changes what the program sees."""
        self.known.spans.clear()
        traced = Trace(fault, (site, number))
        returned, reached = self.run(traced)
        uncounted = fault.name == "memory" and traced.beneath & COUNTING
        if traced.raised is None or fault.is_ours or uncounted:
            kept = reached is None and returned == self.expected
            return None if kept else f"{site}: {reached!r} {returned!r}"
        if reached is not traced.raised:
            return f"{site}: {reached!r} instead of {traced.raised!r}; {returned!r}"
        if self._may_stay(fault):
            return None
        if trace.get_current_span() is not trace.INVALID_SPAN:
            return f"{site}: a span stayed current after {fault.name}"
        reached.__traceback__ = reached.__context__ = None  # they hold suspended generators
        if any(span.is_recording() for span in self.known.spans):
            gc.collect()
        if any(span.is_recording() for span in self.known.spans):
            return f"{site}: a span did not end after {fault.name}"
        return None


@pytest.fixture
def case_of(application, monkeypatch):
    """Makes the case of a program and a mode."""
    monkeypatch.delenv("AIPROV_STRICT")
    with ExitStack() as stack:
        yield lambda name, mode: Case(application, name, mode, stack)
    gc.collect()  # a coroutine that was never awaited would be reported in another test


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_a_fault_leaves_the_application_as_it_is(case_of, name, mode):
    """
    What fails in ours stays there; what belongs to the application reaches it, itself.

    The exceptions of the application, their causes, contexts and lines are as without us, no span
    stays current and each has ended, but in `spans`. This tries a few sites; the next test, all.
    """
    case, chosen = case_of(name, mode), random.Random(f"{name} {mode}")
    fallen = []
    for fault in FAULTS:
        passed = sorted(case.sites(fault).items())
        for site, often in chosen.sample(passed, min(SAMPLE, len(passed))):
            fallen.append(case.fallen(fault, site, chosen.randint(1, often)))

    assert list(filter(None, fallen)) == []


@pytest.mark.attack
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", NAMES)
def test_each_site(case_of, name, mode, fault):
    """
    The same at every site, the first and the last time that the program passes it.
    """
    case = case_of(name, mode)
    tried = [(site, at) for site, often in case.sites(fault).items() for at in {1, often}]
    sys.stdout.write(f"{len({site for site, _ in tried})} sites, {len(tried)} faults\n")  # `-rP`
    fallen = [case.fallen(fault, site, at) for site, at in tried]

    assert list(filter(None, fallen)) == []


@pytest.mark.matrix
def test_a_fault_leaves_the_exit_status(tmp_path):
    """
    A process ends with the status, and the exception on stderr, with which it ends without us.
    """
    tests = str(Path(__file__).parents[1])
    tried, fallen = json.loads(run(ENDS, tmp_path, PYTHONPATH=tests))

    assert fallen == []
    assert tried > 30
