"""A report on files equals that of the store that they came from."""

from __future__ import annotations

import gzip
from contextlib import closing

import duckdb
import pytest
import zstandard

from aiprov_otel.errors import StoreError, UsageError
from aiprov_otel.report.report import build_report
from aiprov_otel.telemetry import sources
from aiprov_otel.telemetry.store import Store
from support.otlp import as_json
from support.telemetry import AI, HUMAN, Service


@pytest.fixture
def service():
    service = Service()
    for n in range(5):
        parent = service.span("checkout", by=HUMAN, failed=n == 0)
        service.span("total", parent, by=AI, failed=n < 2, raised=(KeyError("k"), AI))
    return service


@pytest.fixture
def store(service, tmp_path):
    with Store.open(tmp_path / "telemetry.duckdb") as store:
        service.send(store)
        yield store


def from_(path):
    with sources.opened(str(path)) as source:
        return build_report(source)


def behind_lengths(*messages) -> bytes:
    return b"".join(len(message).to_bytes(4, "big") + message for message in messages)


def packed(message) -> bytes:
    return zstandard.ZstdCompressor().compress(message)


FORMS = {
    "JSON lines": lambda request: as_json(request) + b"\n" + as_json(request) + b"\n",
    "JSON lines without a last end": as_json,
    "JSON lines with other signals": lambda request: b'{"resourceLogs":[]}\n' + as_json(request),
    "JSON lines that are being written": lambda request: as_json(request) + b'\n{"resourceSp',
    "JSON in gzip": lambda request: gzip.compress(as_json(request)),
    "JSON in zstd": lambda request: packed(as_json(request)),
    "protobuf": lambda request: behind_lengths(request, request),
    "protobuf that is being written": lambda request: behind_lengths(request, request)[:-9],
    "protobuf, each message in zstd": lambda request: behind_lengths(packed(request)),
    "JSON, each message in zstd": lambda request: behind_lengths(packed(as_json(request))),
    "protobuf in gzip": lambda request: gzip.compress(behind_lengths(request)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_file_exporter_is_read(form, service, store, tmp_path):
    """JSON or protobuf, packed as a whole or message by message, repeated or cut at the end."""
    path = tmp_path / "traces"
    path.write_bytes(FORMS[form](service.request()))

    assert from_(path) == build_report(store)


def test_a_folder_is_read_with_all_that_is_in_it(service, store, tmp_path):
    """What a rotation left lies beside what is written now, and may be packed."""
    folder = tmp_path / "it's [a] folder"
    (folder / "older").mkdir(parents=True)
    (folder / "traces.json").write_bytes(as_json(service.request()))
    (folder / "older" / "traces-1.json.gz").write_bytes(gzip.compress(as_json(service.request())))
    (folder / "empty").touch()

    assert from_(folder) == build_report(store)


def test_what_was_exported_is_read_back(store, tmp_path):
    """Parquet, and a store of ours, say the same as the store that is open."""
    for path in (tmp_path / "it's [one].parquet", tmp_path / "parts" / "a.parquet"):
        path.parent.mkdir(exist_ok=True)
        assert store.export(path) == 10
        assert from_(path) == build_report(store)
    assert from_(tmp_path / "parts") == build_report(store)
    expected = build_report(store)
    store.close()
    assert from_(store.path) == expected


def test_parquet_that_clickhouse_wrote_is_read(store, tmp_path):
    """Its columns have other types, and those that no question needs may be missing."""
    path, theirs = tmp_path / "ours.parquet", tmp_path / "theirs.parquet"
    store.export(path)
    with closing(duckdb.connect()) as other:
        other.execute(
            f'COPY (SELECT * EXCLUDE (ScopeName, "Links.TraceId", TraceState) REPLACE '
            f"(Timestamp::TIMESTAMP AS Timestamp, Duration::BIGINT AS Duration) "
            f"FROM '{path}') TO '{theirs}'"
        )

    assert from_(theirs) == build_report(store)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"notes of mine\n" * 9, "not an OTLP file"),
        (b'{"a": 1]\n', "request 1 of .* is not OTLP"),
        (behind_lengths(b"\xff\xff\xff"), "request 1 of .* is not OTLP"),
        (b"PAR1, or so it says", "can't read .* as spans"),
        (gzip.compress(b'{"resourceSpans": []}', mtime=0)[:-12], "can't read"),
        (b"\x28\xb5\x2f\xfd broken", "can't read"),
    ],
)
def test_a_file_without_spans_is_refused(content, said, tmp_path):
    """One line, with the file and what to name instead."""
    path = tmp_path / "file"
    path.write_bytes(content)

    with pytest.raises(StoreError, match=said) as error:
        from_(path)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    """A file that is not there, and a folder without files."""
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(StoreError, match=f"no spans at {path}"):
            from_(path)


def test_a_parquet_file_of_something_else_names_the_column(tmp_path):
    """Somebody's Parquet is refused by the first column that it lacks."""
    path = tmp_path / "theirs.parquet"
    with closing(duckdb.connect()) as other:
        other.execute(f"COPY (SELECT 1 AS TraceId) TO '{path}' (FORMAT parquet)")

    with pytest.raises(StoreError, match="has no column Timestamp"):
        from_(path)


def test_an_address_of_nothing_known_is_refused():
    """The line says what an address may be."""
    with pytest.raises(UsageError, match="ftp://example/traces is not a place of spans"):
        from_("ftp://pat:secret@example/traces?token=secret")


def test_an_export_destroys_nothing(store, tmp_path):
    """It writes no file that is there, least of all the store."""
    with pytest.raises(StoreError, match="exists already"):
        store.export(store.path)
    with pytest.raises(StoreError, match="can't write"):
        store.export(tmp_path / "nowhere" / "spans.parquet")
