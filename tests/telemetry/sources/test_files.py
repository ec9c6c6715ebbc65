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
from aiprov_otel.telemetry.sources import otlp_file
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


def cut(request) -> bytes:
    """What a Collector leaves of *request* that is killed in the middle of it."""
    return request[: len(request) // 2]


DAMAGE = {
    "JSON, written on behind a line that was cut off": lambda one, other: (
        as_json(one) + b"\n" + cut(as_json(other)) + b"\n" + as_json(other) + b"\n"
    ),
    "JSON, written on in a line that was cut off": lambda one, other: (
        as_json(one) + b"\n" + cut(as_json(other)) + as_json(other) + b"\n"
    ),
    "JSON, without the end of a line between": lambda one, other: (
        as_json(one) + as_json(other) + b'{"resourceS'
    ),
    "JSON, zeros between lines": lambda one, other: (
        as_json(one) + b"\n" + bytes(64) + b"\n" + bytes(9) + as_json(other) + b"\n{"
    ),
    "JSON, the beginning is in the file before": lambda one, other: (
        as_json(one)[99:] + b"\n" + as_json(one) + b"\n" + as_json(other)
    ),
    "protobuf, written on behind a message that was cut off": lambda one, other: (
        behind_lengths(one) + cut(behind_lengths(other)) + behind_lengths(other, one)
    ),
    "protobuf, cut off in a length": lambda one, other: (
        behind_lengths(one) + b"\0\0" + behind_lengths(other)
    ),
    "protobuf, zeros between messages": lambda one, other: (
        behind_lengths(one) + bytes(61) + behind_lengths(other)
    ),
    "protobuf, the beginning is in the file before": lambda one, other: (
        behind_lengths(one)[99:] + behind_lengths(one, other)
    ),
    "protobuf, each message in zstd, one cut off": lambda one, other: (
        behind_lengths(packed(one))
        + cut(behind_lengths(packed(other)))
        + behind_lengths(packed(other))
    ),
    "gzip that is being written": lambda one, other: gzip.compress(
        as_json(one) + b"\n" + as_json(other) + b"\n" + as_json(one) * 20
    )[:-9],
    "zstd that is being written": lambda one, other: (
        packed(behind_lengths(one, other)) + packed(behind_lengths(one))[:-5]
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_whole_message_of_a_damaged_file_counts(damage, service, store, tmp_path, caplog):
    """Wherever a file was cut, the messages that are whole count, and the log names the file."""
    other = Service()
    other.span("later", by=AI)
    other.send(store)
    path = tmp_path / "traces"
    path.write_bytes(DAMAGE[damage](service.request(), other.request()))

    assert from_(path) == build_report(store)
    assert f"skipped what is damaged in {path}" in caplog.text


@pytest.mark.parametrize("place", range(0, 100, 7))
@pytest.mark.parametrize("form", [as_json, behind_lengths], ids=["JSON", "protobuf"])
def test_a_cut_anywhere_costs_one_message(form, place, service, tmp_path):
    """Of two requests with another cut off between them, both are read."""
    other = Service()
    other.span("later", by=AI)
    first, second = service.request(), other.request()
    middle = form(first)[: 1 + len(form(first)) * place // 100]
    path = tmp_path / "traces"
    path.write_bytes(form(first) + b"\n" * (form is as_json) + middle + form(second))

    names = [row.span_name for row in otlp_file.rows_of(path)]

    assert sorted(names) == sorted(row.span_name for row in [*service.rows(), *other.rows()])


def test_malformed_spans_of_a_file_are_skipped_in_words(service, store, tmp_path, caplog):
    """The log tells how many."""
    lost = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"lost"}]}]}]}'
    path = tmp_path / "traces.json"
    path.write_bytes(as_json(service.request()) + b"\n" + lost)

    assert from_(path) == build_report(store)
    assert f"skipped 1 malformed spans in {path}" in caplog.text


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
        (b'{"a": 1]\n', "not an OTLP file"),
        (behind_lengths(b"\xff\xff\xff"), "not an OTLP file"),
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
