"""`aiprov serve` receives until it is told to end."""

from __future__ import annotations

import re
import signal
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from aiprov_otel.manifest import Run, SourceFile, content_hash, dump
from aiprov_otel.telemetry.store import Store
from support.command import invoke, start
from support.service import stop
from support.telemetry import AI, Service
from support.waiting import PATIENCE

BEFORE_THE_YEARS_THAT_ARE_KEPT = -1.7e12  # milliseconds from the other spans, which is 1972
KEPT = ("--keep-days", "10000")


class Served(NamedTuple):
    """A receiver that runs: its address, its folder, and what it printed next."""

    endpoint: str
    folder: Path
    printed: str


@contextmanager
def serving(folder, *words):
    """The process of `aiprov serve` in *folder*, and its address."""
    with start("serve", "--port", "0", *words, cwd=folder) as process:
        try:
            yield process, re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())[0]
        finally:
            stop(process)


def raised() -> Service:
    """A service with a failure of today, and a span that is too old to be kept."""
    service = Service()
    service.span("old", by=AI, at=BEFORE_THE_YEARS_THAT_ARE_KEPT)
    try:
        {}["price"]
    except KeyError as error:
        service.span("total", by=AI, failed=True, raised=(error, AI))
    return service


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """One receiver, over the store and beside the manifest of a service that failed."""
    folder = tmp_path_factory.mktemp("served")
    (folder / ".aiprov").mkdir()
    with Store.open(folder / ".aiprov" / "telemetry.duckdb") as store:
        raised().send(store)
    file = SourceFile(
        "tests/cli/test_serve.py", "test_serve.py", content_hash(b""), (Run(1, 200, AI),)
    )
    dump(folder / "aiprov.manifest", [file], revision=None, repository_url=None, policy={})
    with serving(folder, *KEPT) as (process, endpoint):
        yield Served(endpoint, folder, process.stderr.readline())


def test_what_is_too_old_goes(served):
    """A store is pruned when it is opened, and the terminal says so."""
    assert "deleted 1 span " in served.printed


def test_git_does_not_see_what_it_keeps(served):
    """The folder that it makes ignores itself."""
    assert (served.folder / ".aiprov" / ".gitignore").read_text() == "*\n"


def test_what_it_holds_is_asked_of_it(served):
    """While it runs its store is read through it alone; another reader is told how."""
    shown = invoke("report", "--from", served.endpoint, cwd=served.folder)
    locked = invoke("report", cwd=served.folder)

    assert shown.returncode == 0
    assert "claude-opus-4-6" in shown.stdout
    assert locked.returncode == 2
    assert "aiprov report --from http://127.0.0.1:4318" in locked.stderr


def test_a_copy_of_its_page_is_asked_of_it(served):
    """The receiver makes the copy, with what it knows; choices of the report are refused."""
    done = invoke("report", "--html", "r.html", "--from", served.endpoint, cwd=served.folder)
    chosen = invoke(
        "report", "--html", "x.html", "--days", "1", "--from", served.endpoint, cwd=served.folder
    )

    assert done.returncode == 0, done.stderr
    assert "KeyError" in (served.folder / "r.html").read_text()
    assert (chosen.returncode, "makes its own" in chosen.stderr) == (2, True)


def test_a_second_receiver_on_one_store_is_told_so(served):
    """The store is held by the first; the second says so in one line."""
    second = invoke("serve", "--port", "0", cwd=served.folder)

    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "is held by another process" in second.stderr


def test_its_page_annotates_stacks_from_the_manifest(served):
    """The manifest beside the store says who wrote each frame; one that is broken, nothing."""
    manifest = served.folder / "aiprov.manifest"
    whole = manifest.read_bytes()
    address = f"{served.endpoint}/report.html"
    page = urlopen(address).read().decode()
    manifest.write_text("no manifest")
    plain = urlopen(address).read().decode()
    manifest.write_bytes(whole)

    assert page.count('◀ <span class="origin ai">ai</span><span class="who"> claude-code') == 1
    assert "◀" not in plain
    assert "KeyError" in plain


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_receives_and_ends(tmp_path, number, status):
    """What was sent is kept when it ends; the status says why it did."""
    with serving(tmp_path) as (process, endpoint):
        service = Service(OTLPSpanExporter(f"{endpoint}/v1/traces"))
        service.span("total", by=AI)
        service.provider.shutdown()
        process.send_signal(number)
        _, complaint = process.communicate(timeout=PATIENCE)

    assert process.returncode == status
    assert "Traceback" not in complaint
    with Store.read(tmp_path / ".aiprov" / "telemetry.duckdb") as store:
        assert store.query("SELECT SpanName FROM otel_traces") == [("total",)]


@pytest.mark.parametrize("limit", ["nan", "inf", "-1", "0", "1e6", "much"])
@pytest.mark.parametrize("option", ["--keep-days", "--keep-gib"])
def test_a_limit_that_is_none_deletes_nothing(tmp_path, option, limit):
    """One line says which there are."""
    done = invoke("serve", f"{option}={limit}", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "use a number above 0, up to 100,000" in done.stderr


def test_a_port_in_use_is_one_line(tmp_path):
    """The line names the port and the way out; the status is 2."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        done = invoke("serve", "--port", str(port), "--store", "s.duckdb", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"port {port} is in use" in done.stderr
    assert not (tmp_path / ".aiprov").exists()
