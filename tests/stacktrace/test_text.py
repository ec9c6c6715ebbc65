"""A stack trace is found in whatever it was pasted in."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiprov_otel.stacktrace.frames import annotate, fold_foreign, unread
from aiprov_otel.stacktrace.text import decode, unwrap

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


def colored(escape):
    """As Python 3.13 prints it, with *escape* as the escape character."""

    def part(text):
        return f"{escape}[35m{text}{escape}[0m"

    return re.sub(
        r'File (".*"), line (\d+), in (.*)',
        lambda match: f"File {part(match[1])}, line {part(match[2])}, in {part(match[3])}",
        TRACE,
    )


def csv_of(rows, **options):
    file = io.StringIO()
    csv.writer(file, **options).writerows(rows)
    return file.getvalue()


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
        TRACE.replace("  File", "> File"),
        TRACE.replace("  File", "\tFile"),
        TRACE.replace("  ", "\xa0 "),
        TRACE.replace("  ", "\xa0 ").replace("\n", "\r"),
        json.dumps({"log": colored("\x1b")}),
        colored("\\x1b"),
        colored("#033"),
        colored("^["),
        colored(""),
        csv_of([["10:00", "web", TRACE], ["10:01", "web", "fine"]]),
        csv_of([["10:00", line] for line in TRACE.splitlines()]),
        csv_of([["10:00", json.dumps(LOGGED)]], delimiter=";"),
        csv_of([["10:00", TRACE]]).partition("\n")[2],
        "Nov  2 10:00:01 web1 shop[12]: failed#012" + TRACE.replace("\n", "#012"),
        "failed " + TRACE.replace("\n", "^J"),
        "failed " + TRACE.replace("\\", "\\\\").replace("\n", "\\x0a"),
        "failed " + TRACE.replace("\\", "\\\\").replace("\n", "\\012"),
        "failed " + TRACE.replace("\n", "\u240a"),
        "failed " + TRACE.replace("\n", "\u2028"),
        "failed " + TRACE.replace("\n", " "),
        "failed " + " ".join(TRACE.split()),
        html.escape(TRACE).replace("\n", "<br>"),
        quote(TRACE),
        TRACE.replace('File "', "File \u201c").replace('", line', "\u201d, line"),
        json.dumps({"MESSAGE": list(TRACE.encode())}),
        TRACE.replace(", in ", " in "),
    ],
)
def test_it_is_found(text):
    """
    Plain, behind a prefix, escaped, in JSON, in CSV, colored, marked, on one line, as faulthandler.
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


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_a_file_of_any_unicode_encoding(encoding):
    """
    With a byte order mark, or without: a log that PowerShell wrote is UTF-16.
    """
    marked = encoding not in {"utf-16-le", "utf-16-be"}
    text = TRACE if marked else TRACE.replace("größe", "groesse")

    assert decode(text.encode(encoding)) == text


def test_what_was_cut_off_is_counted():
    """
    Frames that are whole are read; parts of one are counted, and a SyntaxError's file is none.
    """
    text = (
        'Traceback (most recent call last):\n  File "/app/a.py", line 3, in f\n    g()\n'
        '  File "/app/b.py", line\n  File "/app/c.\n  File "x.py", line 4\n    a b\n'
    )
    lines = annotate(unwrap(text), None)

    assert unread(lines) == 2
    assert frames(text) == [("/app/a.py", 3, "f")]


@given(st.text() | st.recursive(st.text(), st.lists).map(json.dumps))
def test_annotating_any_text_never_raises(text):
    """
    Whatever is pasted, annotating it never raises.
    """
    annotate(unwrap(text), None)
    annotate(unwrap(f'{{"a": {text}\\n  File \\"{text}", line 1, in {text}'), None)


@pytest.mark.parametrize(
    "text",
    [
        "\\" * 300_000 + TRACE,
        "\\n" + " " * 300_000 + 'File "',
        "#033]8;" * 50_000 + 'File "',
        'File "' * 100_000 + '", line 5',
        '{"a":' * 900 + '["File"]' + "}" * 900,
        '{"a":' * 5_000 + '["File"]' + "}" * 5_000,
    ],
    ids=["slashes", "blanks", "links", "parts", "deep", "deeper"],
)
def test_no_text_is_slow_or_too_deep(text):
    """
    The time grows with the length of a text, not with its square, and no JSON is too deep.
    """
    began = time.process_time()
    lines = annotate(unwrap(text), None)
    assert list(fold_foreign(lines))
    unread(lines)

    assert time.process_time() - began < 10
