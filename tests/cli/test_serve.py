"""`aiprov serve` receives until it is told to end."""

from __future__ import annotations

import re
import signal
import socket
from urllib.request import urlopen

import pytest
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from aiprov_otel.manifest import Run, SourceFile, content_hash, dump
from aiprov_otel.telemetry.store import Store
from support.command import aiprov, start
from support.telemetry import AI, Service


def endpoint_of(process) -> str:
    """The address that it says it listens on."""
    return re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())[0]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_receives_reports_and_ends(tmp_path, number, status):
    """What was sent is reported while it runs, and kept when it ends; the status says why."""
    with start("serve", "--port", "0", cwd=tmp_path) as process:
        endpoint = endpoint_of(process)
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces")
        service = Service(exporter)
        service.span("total", by=AI)
        service.provider.shutdown()
        shown = aiprov("report", "--from", endpoint, cwd=tmp_path)
        locked = aiprov("report", cwd=tmp_path)
        process.send_signal(number)
        _, said = process.communicate(timeout=20)

    assert (process.returncode, shown.returncode) == (status, 0)
    assert "claude-opus-4-6" in shown.stdout
    assert locked.returncode == 2
    assert "aiprov report --from http://127.0.0.1:4318" in locked.stderr
    assert "Traceback" not in said
    with Store.read(tmp_path / ".aiprov" / "telemetry.duckdb") as store:
        assert store.query("SELECT SpanName FROM otel_traces") == [("total",)]


def test_its_page_annotates_stacks_from_the_manifest(tmp_path):
    """The manifest beside the store says who wrote each frame; one that is broken, nothing."""
    service = Service()
    try:
        {}["price"]
    except KeyError as error:
        service.span("total", by=AI, failed=True, raised=(error, AI))
    with Store.open(tmp_path / "s.duckdb") as store:
        service.send(store)
    file = SourceFile(
        "tests/cli/test_serve.py", "test_serve.py", content_hash(b""), (Run(1, 200, AI),)
    )
    dump(tmp_path / "aiprov.manifest", [file], revision=None, repository_url=None, policy={})
    words = ("--port", "0", "--store", "s.duckdb", "--keep-days", "36500")
    with start("serve", *words, cwd=tmp_path) as process:
        address = endpoint_of(process)
        page = urlopen(address).read().decode()
        (tmp_path / "aiprov.manifest").write_text("no manifest")
        plain = urlopen(address).read().decode()
        process.terminate()
        process.communicate(timeout=20)

    assert page.count('◀ <span class="origin ai">ai</span> claude-code') == 1
    assert "◀" not in plain
    assert "KeyError" in plain


def test_what_is_too_old_goes(tmp_path):
    """A store is pruned when it is opened, and the terminal says so."""
    service = Service()
    service.span("total", by=AI, at=-3e11)  # ten years
    with Store.open(tmp_path / "s.duckdb") as store:
        service.send(store)
    words = ("--port", "0", "--store", "s.duckdb", "--keep-days", "400")
    with start("serve", *words, cwd=tmp_path) as process:
        endpoint_of(process)
        said = process.stderr.readline()
        process.terminate()
        process.communicate(timeout=20)

    assert "deleted 1 span " in said


def test_git_does_not_see_what_it_keeps(tmp_path):
    """The folder that it makes ignores itself."""
    with start("serve", "--port", "0", cwd=tmp_path) as process:
        endpoint_of(process)
        process.terminate()
        process.communicate(timeout=20)

    assert (tmp_path / ".aiprov" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("limit", ["nan", "inf", "-1", "0", "1e6", "much"])
@pytest.mark.parametrize("option", ["--keep-days", "--keep-gib"])
def test_a_limit_that_is_none_deletes_nothing(tmp_path, option, limit):
    """One line says which there are."""
    done = aiprov("serve", f"{option}={limit}", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "use a number above 0, up to 100,000" in done.stderr


def test_a_port_in_use_is_one_line(tmp_path):
    """The line names the port and the way out; the status is 2."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        done = aiprov("serve", "--port", str(port), "--store", "s.duckdb", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"port {port} is in use" in done.stderr
    assert not (tmp_path / ".aiprov").exists()


def test_a_second_receiver_on_one_store_is_told_so(tmp_path):
    """The store is held by the first; the second says so in one line, and both are whole."""
    with start("serve", "--port", "0", "--store", "s.duckdb", cwd=tmp_path) as process:
        endpoint_of(process)
        second = aiprov("serve", "--port", "0", "--store", "s.duckdb", cwd=tmp_path)
        process.terminate()
        process.communicate(timeout=20)

    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "is held by another process" in second.stderr
