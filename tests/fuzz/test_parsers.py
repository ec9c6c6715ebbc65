"""
Inputs that are almost valid, at every parser: it reads them or refuses them in its own words.

A failure prints the input in base64 and the seed; put the input into a test of its parser.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from aiprov_otel.errors import ManifestError, PolicyError, StoreError
from aiprov_otel.history.blame import hunks
from aiprov_otel.history.evidence import (
    agent_blame,
    agent_trace,
    git_ai,
    spdx,
    squash_message,
    whogitit,
)
from aiprov_otel.history.evidence.agents import Table
from aiprov_otel.history.evidence.commit_message import find_marks
from aiprov_otel.history.evidence.records import overlapping
from aiprov_otel.history.git import objects, patch
from aiprov_otel.history.policy import Policy
from aiprov_otel.manifest import Manifest, dump
from aiprov_otel.report.prometheus import read_counters
from aiprov_otel.report.report import Report, build_report
from aiprov_otel.stacktrace.annotate import format_trace
from aiprov_otel.stacktrace.frames import annotate, fold_foreign, unread
from aiprov_otel.stacktrace.text import decode, unwrap
from aiprov_otel.telemetry import otlp_json, otlp_protobuf, schema
from aiprov_otel.telemetry.schema import KINDS
from aiprov_otel.telemetry.sources.clickhouse import ClickHouse
from aiprov_otel.telemetry.sources.otlp_file import rows_of
from aiprov_otel.telemetry.store import Store
from support.application import source
from support.fuzz import Target, attack
from support.notes import CLAUDE
from support.notes import git_ai as git_ai_log
from support.otlp import as_json
from support.telemetry import AI, HUMAN, Service, serve

MINUTES = float(os.environ.get("ATTACK_MINUTES", "10"))
"""Of all targets together, those of the receiver included."""

FEW = 100
MEMORY = 300
"""MiB that the inputs of one target, each of some thousand bytes, may take more than was taken."""

HASH = "9fd81c2" + "0" * 33


def spans() -> bytes:
    service = Service(repository="https://example.org/shop")
    parent = service.span("GET /checkout", ratio=0.25, large=1e30, words=["a", "b"], yes=True)
    raised = (KeyError("k"), AI)
    service.span("total", parent, by=AI, failed=True, raised=raised, n=-5, text="é\n", none=[])
    service.span("stock", parent, by=HUMAN, big=2**60)
    return service.request()


def shown(rows: Any) -> None:
    """Reads *rows* as the store does."""
    for row in rows:
        if row is not None:
            schema.line(row)


def counted(parse: Any, *path: Any) -> Callable[[bytes], None]:
    return lambda data: parse.count(data, *path)


SPANS = spans()
PATH = (frozenset({1}), frozenset({2}), frozenset({2}))

TRACEBACK = """Traceback (most recent call last):
  File "/app/src/shop/cart.py", line 2, in total
    return prices[0] / 0
           ~~~~~~~~~~^~~
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

  + Exception Group Traceback (most recent call last):
  |   File "/usr/lib/python3.13/asyncio/taskgroups.py", line 145, in __aexit__
  |     raise BaseExceptionGroup(
  | ExceptionGroup: unhandled errors (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "src/shop/cart.py", line 1, in <lambda>
    |   [Previous line repeated 9 more times]
    +------------------------------------
"""
LOGS = (
    TRACEBACK,
    json.dumps({"message": "failed", "exc_info": TRACEBACK, "level": 40}),
    json.dumps({"frames": [{"filename": "shop/cart.py", "lineno": 2, "function": "total"}]}),
    json.dumps({"stacktrace": {"frames": []}, "type": "KeyError", "value": "k"}),
    json.dumps({"log": json.dumps({"log": TRACEBACK})}),
    json.dumps({"MESSAGE": list(TRACEBACK.encode())}),
    TRACEBACK.replace("\n", "#012"),
    TRACEBACK.replace("\n", "\\n"),
    'time,message\n1,"' + TRACEBACK.replace('"', '""') + '"\n',
    TRACEBACK.replace("  File", "\x1b[32m  File\x1b[0m").replace("    ", "\xa0\xa0\xa0\xa0"),
    TRACEBACK.replace('"', "&quot;").replace("\n", "<br>"),
    'Current thread 0x1 (most recent call first):\n  File "src/shop/cart.py", line 2 in total\n',
    TRACEBACK.replace(" ", "+").replace('"', "%22").replace("\n", "%0A"),
)

COMMIT = b"""tree %s
parent %s
author Ada Example <ada@example.org> 1746353371 +0200
committer Claude <noreply@anthropic.com> 1746353371 +0200
encoding utf-8

Add prices (#12)

* One (#3)

* Two

\xf0\x9f\xa4\x96 Generated with [Claude Code](https://claude.com/claude-code)

Co-authored-by: Cursor <cursoragent@cursor.com>
Assisted-by: Claude:claude-opus-4-6
Generated-by: GitHub Copilot (gpt-5)
Claude-Session: https://claude.ai/code/session_1
commit %s
-----
""" % ((b"a" * 40,) * 3)

POLICY = b"""[tool.aiprov]
unmarked = "human"
unmarked_human_since = 2025-06-01
human_before = "2021-01-01"
exclude = ["tests/", "*_test.py"]
ignore_revs_file = ".git-blame-ignore-revs"
moves = "within-files"
markers = true
packages = ["shop=metrics", "mail"]

[tool.aiprov.origin_of]
assisted-by = "mixed"

[[tool.aiprov.extra_agents]]
agent = "house-bot"
role = "co-authored"
names = ["House Bot"]
mails = ["house-bot@example.org"]
session_keys = ["House-Session"]
sessions = ["https://bot.example.org/runs/*"]
branches = ["house-bot/"]
"""

BLAME = b"".join(
    b"%s %d %d %d\nauthor A\nauthor-time 1746353371\nprevious %s a.py\nsummary S\nfilename %s\n"
    % (b"ab" * 20, n, n, 3, b"cd" * 20, name)
    for n, name in ((1, b"a.py"), (4, b'"\\303\\251\\t.py"'), (7, b"b/c.py"))
)
DIFF = (
    b"diff --git a/f b/f\n--- a/f\n+++ b/f\n"
    b"@@ -1,0 +2,3 @@ def f\n+a\n+b\n+c\n@@ -9 +12 @@\n-a\n+b\n@@ -20,4 +22,0 @@\n-a\n"
    b"diff --git a/g b/h\nrename from g\nrename to h\n"
)

TRACE = {
    "version": "0.1.0",
    "timestamp": "2026-05-04T10:00:00Z",
    "vcs": {"type": "git", "revision": HASH},
    "tool": {"name": "cursor"},
    "files": [
        {
            "path": "a.py",
            "conversations": [
                {
                    "contributor": {"type": "ai", "model_id": "anthropic/claude-opus-4-8"},
                    "ranges": [{"start_line": 1, "end_line": 9, "content_hash": "sha256:00"}],
                }
            ],
        }
    ],
}
WHOGITIT = {
    "session": {"model": {"id": "claude-opus-4-6"}},
    "files": [
        {"path": "a.py", "lines": [{"line_number": 1, "source": {"type": "AI"}}] * 3},
    ],
}
AGENT_BLAME = {
    "attributions": [
        {
            "path": "a.py",
            "start_line": 1,
            "end_line": 3,
            "category": "ai_generated",
            "provider": "cursor",
            "model": "gpt-5",
        }
    ]
}
GIT_AI = git_ai_log(
    {"a.py": {"s_0123456789abcd::t_0": "1-4,9", "h_0123456789abcd": "5"}, "b c.py": {"human": "1"}},
    sessions={"s_0123456789abcd": CLAUDE},
    humans={"h_0123456789abcd": {"author": "Ada <ada@example.org>"}},
    prompts={"0123456789abcdef": CLAUDE},
)
GIT_AI_FIRST = {
    "files": {"a.py": {"authors": [{"author": "claude", "lines": [1, [2, 9]]}]}},
}
SPDX = b"""#!/usr/bin/env python
# SPDX-FileContributor: Claude <noreply@anthropic.com>
# SPDX-AI-Disclosure: ai-assisted
# SPDX-AI-Model: claude-opus-4-6
import os
"""


def walked(record: Any) -> None:
    """Looks lines of a *record* up; there is none where a note can't be read."""
    for ranges in (record or {}).values():
        overlapping(ranges, 1, 5)


def read_log(data: bytes) -> Any:
    log = git_ai.parse_log(data)
    return log and git_ai.to_record(log, "refs/notes/ai", {}.get)


def traced(data: bytes) -> None:
    for claim in agent_trace.parse_local(data, "refs/notes/x", Path("/repo")):
        assert claim.marked_range.first <= claim.marked_range.last


def read_commit(data: bytes) -> None:
    commit = objects.parse_commit("a" * 40, data)
    assert commit.time is None or isinstance(commit.time, str)
    find_marks(commit, TABLE)
    if listing := squash_message.find_listing(commit.lines):
        listing.count_marked(range(50))


TABLE = Table()


def read_batch(data: bytes) -> None:
    objects.parse_commits([data])


def read_blame(data: bytes) -> None:
    parsed = hunks.parse(data)
    list(hunks.join(parsed))
    if hunks.covers(parsed, 9):
        list(hunks.cut(parsed, 2, 5, 1))


def read_diff(data: bytes) -> None:
    for file in patch.parse(data):
        list(hunks.shift(hunks.parse(BLAME), hunks.find_unchanged(file.hunks)))


@pytest.fixture(scope="module")
def targets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    logging.disable()  # thousands of warnings would hide the input that made a parser fail
    with answering() as server:
        made = [*pure(), *files(folder), *asked(server), report(folder)]
        yield {target.name: target for target in made}
    logging.disable(logging.NOTSET)


def pure() -> Iterator[Target]:
    """Parsers of bytes."""
    both = ("bytes", "json")
    refuses = (ValueError,)
    yield Target(
        "OTLP in protobuf",
        lambda data: shown(otlp_protobuf.protobuf_rows(data)),
        [SPANS],
        refuses,
        ("bytes", "protobuf", "protobuf"),
    )
    yield Target(
        "OTLP in JSON",
        lambda data: shown(otlp_json.json_rows(data)),
        [as_json(SPANS)],
        refuses,
        ("bytes", "json", "json"),
    )
    yield Target(
        "OTLP, counted in protobuf", counted(otlp_protobuf, *PATH), [SPANS], refuses, ("protobuf",)
    )
    keys = ("resourceSpans", "scopeSpans", "spans")
    yield Target(
        "OTLP, counted in JSON", counted(otlp_json, *keys), [as_json(SPANS)], refuses, both
    )
    yield Target(
        "git-ai",
        lambda data: walked(read_log(data)),
        [GIT_AI.encode(), json.dumps(GIT_AI_FIRST).encode()],
        mutations=both,
    )
    for name, parse, valid in (
        ("whogitit", whogitit.parse, WHOGITIT),
        ("Agent Blame", agent_blame.parse, AGENT_BLAME),
    ):
        yield Target(
            name,
            lambda data, parse=parse: walked(parse(data, "refs/notes/x")),
            [json.dumps(valid).encode()],
            mutations=both,
        )
    traces = [json.dumps(TRACE).encode(), (json.dumps(TRACE) + "\n").encode() * 2]
    yield Target("Agent Trace", traced, traces, mutations=both)
    yield Target("commits", read_commit, [COMMIT])
    batch = b"%s commit %d\n%s\n" % (b"a" * 40, len(COMMIT), COMMIT)
    yield Target("objects", read_batch, [batch + b"b" * 40 + b" missing\n" + batch])
    yield Target("SPDX tags", spdx.find_tag, [SPDX])
    yield Target("blame", read_blame, [BLAME])
    yield Target("differences", read_diff, [DIFF])


def files(folder: Path) -> Iterator[Target]:
    """Parsers of files."""
    text = "def total(prices):\n    return prices[0] / 0\n"
    known = folder / "known.manifest"
    dump(
        known,
        [source(text, "src/shop/cart.py"), source("x = 1\n", "src/shop/é.py")],
        revision=HASH,
        repository_url="https://example.org/shop",
        policy=Policy().to_json(),
        records={"refs/notes/ai": HASH},
    )
    manifest = Manifest.load(known)

    def read_trace(data: bytes) -> None:
        lines = annotate(unwrap(decode(data)), manifest)
        unread(lines)
        list(format_trace(fold_foreign(lines)))

    yield Target(
        "stack traces", read_trace, [log.encode() for log in LOGS], mutations=("bytes", "json")
    )

    def read_manifest(data: bytes) -> None:
        path = written("some.manifest", data)
        loaded = Manifest.load(path)
        try:
            for entry in loaded.entries:
                try:
                    loaded.source(entry).line(1)
                    loaded.tally([entry])
                except ManifestError:
                    continue
        finally:
            loaded._archive.close()

    def written(name: str, data: bytes) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    yield Target(
        "manifest",
        read_manifest,
        [known.read_bytes()],
        (ManifestError,),
        mutate=lambda mutator, data: mutator.change_archive(data, fit),
    )

    def read_policy(data: bytes) -> None:
        policy = Policy.load(written("pyproject.toml", data).parent)
        policy.to_json()
        policy.excludes("src/shop/cart.py")
        assert isinstance(policy.human_before, date)

    yield Target("policy", read_policy, [POLICY], (PolicyError,))
    lines = as_json(SPANS) + b"\n" + as_json(SPANS) + b"\n"
    framed = (len(SPANS).to_bytes(4, "big") + SPANS) * 3
    yield Target(
        "Collector files",
        lambda data: shown(rows_of(written("spans.json", data))),
        [lines, framed],
        (StoreError,),
        ("bytes", "json"),
    )


def fit(members: dict[str, bytes]) -> None:
    """Makes the index of a manifest fit to its documents, as far as it still names them."""
    try:
        index = json.loads(members["manifest.json"])
        index["commits"]["digest"] = hashlib.sha256(members["commits.txt"]).hexdigest()
        for entry in index["files"]:
            part = members["lines.bin"][entry["start"] :][: entry["size"]]
            entry["digest"] = hashlib.sha256(part).hexdigest()
        members["manifest.json"] = json.dumps(index).encode()
    except (KeyError, TypeError, ValueError):
        pass


class Answers(ThreadingHTTPServer):
    """
    Answers every question alike.

    Attributes:
        answer: the body.
    """

    daemon_threads = True
    answer = b""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering() -> Iterator[Answers]:
    """A server that answers what a test wants."""
    with Answers(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


COUNTERS = {
    "status": "success",
    "data": {
        "resultType": "vector",
        "result": [
            {"metric": {"aiprov_origin": "ai", "job": "shop"}, "value": [1746353371.1, "90"]},
            {"metric": {"aiprov_origin": "human"}, "value": [1746353371.1, "5"]},
        ],
    },
}


def asked(server: Answers) -> Iterator[Target]:
    """What servers answer."""
    host, port = server.server_address[:2]

    def read_prometheus(data: bytes) -> None:
        server.answer = data
        for metric in read_counters(f"prometheus://{host}:{port}"):
            json.dumps(metric.to_json(), allow_nan=True)
            assert metric.text

    valid = json.dumps(COUNTERS).encode()
    yield Target("Prometheus", read_prometheus, [valid], (StoreError,), ("bytes", "json", "json"))

    version = {"meta": [{"type": "String"}], "data": [["24.8.1"]], "rows": 1}
    columns = [[name, "Map(String, String)"] for name in KINDS]
    valid = [
        json.dumps(answer).encode()
        for answer in (version, {"meta": [{"type": "String"}] * 2, "data": columns})
    ]

    def read_clickhouse(data: bytes) -> None:
        first, second = (valid[0], data) if b"Map(" in data else (data, valid[1])
        ClickHouse(Client(first, second), "clickhouse://host:8123", "otel").check()

    yield Target("ClickHouse", read_clickhouse, valid, (StoreError,), ("bytes", "json", "json"))


class Client:
    """A client of ClickHouse that hands over *answers*, one for each query."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)

    def raw_query(self, *_: object) -> bytes:
        return self._answers.pop(0)


def report(folder: Path) -> Target:
    """The document of a receiver that `aiprov report --from` asks."""
    with Store.open(folder / "spans.duckdb") as store:
        service = Service()
        serve(service)
        service.send(store)
        document = json.dumps(build_report(store).to_json()).encode()

    def read(data: bytes) -> None:
        try:
            values = json.loads(data)
        except (ValueError, RecursionError):
            return
        Report.from_json(values)

    return Target("report", read, [document], (StoreError,), ("json",))


NAMES = (
    *("OTLP in protobuf", "OTLP in JSON", "OTLP, counted in protobuf", "OTLP, counted in JSON"),
    *("git-ai", "whogitit", "Agent Blame", "Agent Trace", "commits", "objects", "SPDX tags"),
    *("blame", "differences", "stack traces", "manifest", "policy", "Collector files"),
    *("Prometheus", "ClickHouse", "report"),
)


@pytest.mark.parametrize("name", NAMES)
def test_a_few_inputs(targets, name):
    """No input makes a parser raise an error of another kind: the first of those that follow."""
    attack(targets[name], cases=FEW)


@pytest.mark.attack
@pytest.mark.parametrize("name", NAMES)
def test_many_inputs(targets, name):
    """No input makes a parser raise an error of another kind, hang, or take much memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cases = attack(targets[name], seconds=MINUTES * 60 * 0.7 / len(NAMES))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    sys.stdout.write(f"{name}: {cases:,} inputs\n")
    assert grown < MEMORY
