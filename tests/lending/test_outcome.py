"""The reason why no trace came is always one of these."""

from __future__ import annotations

from importlib.metadata import PathDistribution, version

import pytest

from aiprov_otel.lending import outcome
from aiprov_otel.lending.child import why_declined

PYTHON = {
    "event": "python",
    "pid": 1,
    "release": None,
    "libraries": ["flask"],
    "off": None,
    "packages": {"named": [], "used": [], "unsent": []},
}
FLASK = {"event": "framework", "pid": 1, "name": "flask", "traced": True, "lacks": None}


@pytest.mark.parametrize(
    ("events", "status", "stopped", "reason"),
    [
        ([PYTHON, FLASK], 130, True, "no request came to flask before it was stopped"),
        ([PYTHON, FLASK], 0, False, "no request came to flask before it ended"),
        ([PYTHON, FLASK], 3, False, "app failed with status 3 before it did anything traced"),
        ([PYTHON], 137, False, "app was killed by SIGKILL"),
        (
            [PYTHON, {**FLASK, "traced": False, "lacks": "opentelemetry-instrumentation-flask"}],
            0,
            False,
            "no instrumentation here: run `pip install opentelemetry-instrumentation-flask`",
        ),
        (
            [PYTHON, {**FLASK, "name": "sanic", "traced": False}],
            130,
            True,
            "there is no instrumentation for sanic: give its handlers spans with @provenance",
        ),
        (
            [PYTHON, {"event": "declined", "name": "sqlalchemy", "why": "it is 2.1"}],
            0,
            False,
            "the instrumentation of sqlalchemy declines it: it is 2.1",
        ),
        (
            [{**PYTHON, "off": "OTEL_SDK_DISABLED=true"}],
            0,
            False,
            "OTEL_SDK_DISABLED=true switches tracing off; unset it for this run",
        ),
        ([{"event": "refused", "why": "it has 1.27"}], 0, False, "it has 1.27"),
        ([], 0, False, "app started no Python that aiprov reaches: it is not Python, or "),
        ([], 4, False, "app started no Python that aiprov reaches; it ended with status 4: "),
        ([], 143, True, "app was stopped before a Python of it had started "),
        ([{"event": "aside", "executable": "/x/python"}], 0, False, "`aiprov run -- /x/python …`"),
        (
            [PYTHON],
            0,
            False,
            "it used no framework, server, client or database that is instrumented",
        ),
    ],
)
def test_the_reason_is_named(events, status, stopped, reason):
    """
    From what the processes told and how the command ended.
    """
    said = outcome.why_no_trace(events, "app", status, stopped=stopped)

    assert said.startswith("no trace: ")
    assert reason in said


def test_a_package_that_the_run_shows_nothing_of_is_named():
    """
    It was imported nowhere, or it is counted in metrics that nothing sends.
    """
    packages = {"named": ["shop", "shopp"], "used": [], "unsent": ["shop"]}
    events = [{**PYTHON, "packages": packages}, {"event": "package", "pid": 1, "name": "shop"}]

    unused, unsent = outcome.about_packages(events, ["shop", "tool"])

    assert "names shopp, which was not imported: name it as CMD imports it" in unused
    assert "the manifest has shop, tool" in unused
    assert "for spans, write shop=spans in AIPROV_PACKAGES" in unsent
    assert not list(outcome.about_packages([PYTHON], []))


def test_the_start_names_what_is_instrumented():
    """
    The libraries that are installed, the first eight by name, and what is lent.
    """
    event = {**PYTHON, "libraries": list("abcdefghij"), "release": "1.45.2"}

    assert outcome.describe_start(event) == (
        "instruments a, b, c, d, e, f, g, h and 2 more; OpenTelemetry 1.45.2 is lent"
    )
    none = {**PYTHON, "libraries": []}
    assert outcome.describe_start(none) == "instruments any ASGI or WSGI application"


def test_a_library_of_another_version_is_named(tmp_path):
    """
    What its instrumentation takes, and what is installed.
    """
    wanted = 'Requires-Dist: pytest<1; extra == "instruments"'
    (tmp_path / "METADATA").write_text(f"Name: x\nVersion: 1\n{wanted}\n")

    why = why_declined(PathDistribution(tmp_path))

    assert why == f"it takes pytest<1, and this is pytest {version('pytest')}"
    (tmp_path / "METADATA").write_text("Name: x\nVersion: 1\n")
    assert why_declined(PathDistribution(tmp_path)) is None
