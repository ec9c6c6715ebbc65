"""A stack trace is found in whatever it was pasted in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.stacktrace.frames import annotate
from aiprov_otel.stacktrace.text import unwrap

TRACE = """Traceback (most recent call last):
  File "/app/shop/cart.py", line 12, in total
    return sum(order["price"])
               ~~~~~^^^^^^^^^
KeyError: 'price'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "C:\\new\\shop\\pay.py", line 3, in <module>
ValueError: größe "x" {1}
"""
FRAMES = [("/app/shop/cart.py", 12, "total"), ("C:\\new\\shop\\pay.py", 3, "<module>")]
LOGGED = {"level": "error", "event": "failed", "exc_info": TRACE, "at": {"pid": 3}}


def frames(text):
    lines = annotate(unwrap(text), None)
    found = {id(line.frame): line.frame for line in lines if line.frame}
    return [(frame.path, frame.line, frame.function) for frame in found.values()]


def prefixed(prefix):
    return "\n".join(prefix + line for line in TRACE.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        TRACE,
        TRACE.replace("\n", "\r\n"),
        "2026-11-02 10:00:01 ERROR shop: failed\n" + TRACE + "2026-11-02 10:00:02 INFO next\n",
        prefixed("web-1  | "),
        prefixed("Nov 02 10:00:01 host shop[123]: "),
        prefixed("2026-11-02T10:00:01.123Z stderr F "),
        json.dumps(TRACE),
        json.dumps(TRACE)[1:-1],
        json.dumps(LOGGED),
        json.dumps(LOGGED, indent=2),
        json.dumps([LOGGED]),
        json.dumps({"log": json.dumps(LOGGED), "stream": "stderr"}),
        "INFO {}\nweb-1 | " + json.dumps(LOGGED) + "\nINFO {broken\n",
        "msg=failed exc=" + json.dumps(TRACE) + " at=1",
        json.dumps(json.dumps(TRACE)),
        "\n".join(line.strip() for line in TRACE.splitlines()),
        TRACE.replace('"/app', '\x1b[35m"/app').replace('py",', 'py"\x1b[0m,'),
    ],
)
def test_it_is_found(text):
    """
    Plain, between other lines, behind a prefix, escaped once or twice, in JSON in JSON, colored.
    """
    assert frames(text) == FRAMES


def test_a_group_behind_a_prefix():
    """
    The margin of an exception group may stand behind the prefix of a log.
    """
    text = (
        "web-1  |   + Exception Group Traceback (most recent call last):\n"
        'web-1  |   |   File "/app/a.py", line 1, in a\n'
        "web-1  |   | ExceptionGroup: both (1 sub-exception)\n"
        "web-1  |   +-+---------------- 1 ----------------\n"
        "web-1  |     | Traceback (most recent call last):\n"
        'web-1  |     |   File "/app/b.py", line 2, in b\n'
        "web-1  |     | KeyError: 1\n"
        "web-1  |     +------------------------------------\n"
    )

    assert frames(text) == [("/app/a.py", 1, "a"), ("/app/b.py", 2, "b")]


def test_an_event_of_sentry():
    """
    Frames that are objects become lines, with their source and the exception below them.
    """
    event = {
        "exception": {
            "values": [
                {
                    "type": "KeyError",
                    "value": "'price'",
                    "stacktrace": {
                        "frames": [
                            {"filename": "app.py", "abs_path": "/app/app.py", "lineno": 3,
                             "function": "main", "context_line": "    total(order)"},
                            {"filename": "shop/cart.py", "lineno": 12, "function": None},
                            {"filename": "native", "function": "poll"},
                        ]
                    },
                }
            ]
        }
    }  # fmt: skip

    assert unwrap(json.dumps(event)).splitlines() == [
        '  File "/app/app.py", line 3, in main',
        "    total(order)",
        '  File "shop/cart.py", line 12, in <unknown>',
        "KeyError: 'price'",
    ]


def test_other_text_stays_as_it_is():
    """
    What holds no stack trace is nobody's business, JSON or not.
    """
    text = 'first\n{"a": "File name"}\nC:\\new\\table\n[1, 2]'

    assert unwrap(text) == text


@given(st.text() | st.recursive(st.text(), st.lists).map(json.dumps))
def test_annotating_any_text_never_raises(text):
    """
    Whatever is pasted, annotating it never raises.
    """
    annotate(unwrap(text), None)
    annotate(unwrap(f'{{"a": {text}\\n  File \\"{text}", line 1, in {text}'), None)
