"""The store keeps each span once, and says in one line what is wrong with its file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from aiprov_otel.errors import StoreError
from aiprov_otel.telemetry import schema
from aiprov_otel.telemetry.otlp import Row
from aiprov_otel.telemetry.store import Store
from support.command import Started
from support.telemetry import AI, EPOCH, Service


@pytest.fixture
def path(tmp_path):
    return tmp_path / "telemetry.duckdb"


@pytest.fixture
def rows():
    service = Service()
    parent = service.span("checkout", text="line\none\0é\U0001f600'\"")
    service.span("total", parent, by=AI, at=1, ms=2, failed=True, raised=(KeyError("k"), AI))
    return service.rows()


def one_line(error) -> str:
    message = str(error.value)
    assert "\n" not in message
    return message


def test_rows_come_back_as_they_went_in(path, rows):
    """Every column of every row survives, after the file was closed."""
    with Store.open(path) as store:
        assert store.add(rows) == 2

    with Store.read(path) as store:
        columns = ", ".join(f'"{name}"' for name in schema.COLUMNS if "Timestamp" not in name)
        found = store.query(f"SELECT {columns} FROM otel_traces ORDER BY Timestamp")
        times = store.query('SELECT epoch_ns(Timestamp), "Events.Timestamp" FROM otel_traces')
    without_times = [
        tuple(v for n, v in zip(schema.COLUMNS, row, strict=True) if "Timestamp" not in n)
        for row in rows
    ]
    assert found == without_times
    assert sorted(time for time, _ in times) == [EPOCH, EPOCH + 1_000_000]


def test_a_row_has_a_field_for_each_column():
    """The order of the fields is that of the columns."""
    names = [name.replace(".", "").rstrip("s") for name in schema.COLUMNS]

    assert [f.replace("_", "").rstrip("s") for f in Row._fields] == [
        n.lower().replace("events", "event").replace("links", "link") for n in names
    ]


def test_a_span_is_stored_once(path, rows):
    """The same span again, in the same batch or a later one, changes nothing."""
    with Store.open(path) as store:
        assert store.add([*rows, *rows]) == 2
        assert store.add(rows) == 0
        assert store.add([row._replace(span_name="another") for row in rows]) == 0
        assert store.add([]) == 0
        assert store.query("SELECT count(*) FROM otel_traces") == [(2,)]


def test_a_span_is_another_by_its_trace_its_id_or_its_start(path, rows):
    """Another trace, another identifier or another begin makes another span."""
    first = rows[0]
    others = {"trace_id": "0" * 32, "span_id": "0" * 16, "timestamp": 0}
    with Store.open(path) as store:
        assert store.add([first, *(first._replace(**{k: v}) for k, v in others.items())]) == 4
        assert store.query("SELECT count(*) FROM otel_traces") == [(4,)]


def test_threads_share_a_store(path, rows):
    """Batches that arrive at the same time are all stored, each span once."""
    with Store.open(path) as store, ThreadPoolExecutor(8) as pool:
        added = sum(pool.map(lambda _: store.add(rows), range(40)))

        assert added == 2
        assert store.query("SELECT count(*) FROM otel_traces") == [(2,)]


def test_a_reader_asks_while_others_write(path, rows):
    """A reader has temporary tables of its own and does not disturb the writer."""
    with Store.open(path) as store, store.reader() as reader:
        reader.query("CREATE TEMP TABLE mine AS SELECT 1")
        store.add(rows)

        assert reader.query("SELECT count(*) FROM otel_traces") == [(2,)]
        with store.reader() as other:
            other.query("CREATE TEMP TABLE mine AS SELECT 2")


def test_a_store_held_by_another_process_says_whom_to_ask(path):
    """Two receivers on one store: the second is told what to do."""
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); "
        "sys.stdin.read(); c.close()"
    )
    command = [sys.executable, "-c", code, path]
    with Started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        for opened in (Store.open, Store.read):
            path.touch()
            with pytest.raises(StoreError) as error:
                opened(path)
            assert "aiprov report --from http://127.0.0.1:4318" in one_line(error)
        holder.communicate()


def test_a_file_that_is_no_database_is_refused(path):
    """Somebody else's file is left as it is."""
    path.write_text("notes of mine, longer than the header of a database\n" * 300)

    with pytest.raises(StoreError) as error:
        Store.open(path)

    assert "is not a DuckDB file" in one_line(error)
    assert path.read_text().startswith("notes of mine")


def test_somebody_elses_database_is_refused(path):
    """A DuckDB file without our tables gets none."""
    with closing(duckdb.connect(str(path))) as other:
        other.execute("CREATE TABLE theirs AS SELECT 1 AS x")

    with pytest.raises(StoreError, match="not a store of aiprov"):
        Store.open(path)


def test_a_store_of_another_version_is_refused(path):
    """The line names both versions and the way out."""
    Store.open(path).close()
    with closing(duckdb.connect(str(path))) as other:
        other.execute("UPDATE aiprov_store SET version = 99")

    with pytest.raises(StoreError, match=r"version 99.* reads version 2: move the file away"):
        Store.open(path)


def test_a_store_with_a_key_is_used_as_it_is(path, rows):
    """A store of the earlier version is read and written; it takes one span of an id."""
    with closing(duckdb.connect(str(path))) as earlier:
        earlier.execute(schema.CREATE)
        earlier.execute("DROP TABLE otel_traces; UPDATE aiprov_store SET version = 1")
        columns = ", ".join(f'"{name}" {kind}' for name, kind in schema.COLUMNS.items())
        earlier.execute(f"CREATE TABLE otel_traces ({columns}, PRIMARY KEY (TraceId, SpanId))")

    with Store.open(path) as store:
        assert store.add(rows) == 2
        assert store.add(rows) == 0
        assert store.add([row._replace(timestamp=0) for row in rows]) == 0
        assert store.add([rows[0]._replace(span_id="0" * 16)]) == 1
    with Store.read(path) as store:
        assert store.query("SELECT count(*) FROM otel_traces") == [(3,)]


def test_no_store_says_how_to_get_one(path):
    """A report before the first run is told what to do, and makes no file."""
    with pytest.raises(StoreError, match="aiprov run"):
        Store.read(path)

    assert not path.exists()


@pytest.mark.parametrize("opened", [Store.open, Store.read])
def test_a_folder_is_no_store(tmp_path, opened):
    """A folder where a file should be is named."""
    with pytest.raises(StoreError, match="is a folder"):
        opened(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    """The store makes no folders: a mistyped path stays a mistyped path."""
    with pytest.raises(StoreError, match=r"the folder of the store .* is missing"):
        Store.open(tmp_path / "nowhere" / "store.duckdb")


def test_a_path_is_no_pattern(tmp_path, rows):
    """Whatever stands in the name of a folder, it is a name."""
    folder = tmp_path / "it's [a] *{b} folder"
    folder.mkdir()

    with Store.open(folder / "st*re.duckdb") as store:
        assert store.add(rows) == 2
    assert [path.name for path in folder.iterdir()] == ["st*re.duckdb"]


def test_a_row_may_be_very_large(path, rows):
    """A line longer than what DuckDB takes by default is stored too."""
    with Store.open(path) as store:
        store.add([rows[0]._replace(span_attributes={"text": "\0" * 7_000_000})])

        assert store.query("SELECT length(SpanAttributes['text']) FROM otel_traces") == [
            (7_000_000,)
        ]


def test_a_closed_store_says_so(path, rows):
    """Using a store after it was closed is an error with a name."""
    store = Store.open(path)
    store.close()
    store.close()

    with pytest.raises(StoreError, match="was closed"):
        store.add(rows)


def test_a_store_that_is_read_is_closed(path, rows):
    """
    What readers are at ends, with an error that has a name, and the store closes meanwhile.
    """
    store = Store.open(path)
    store.add(rows)
    readers = [store.reader() for _ in range(4)]
    numbers = "range(100_000_000)"

    def read(reader):
        while True:
            reader.query(f"SELECT count(*) FROM {numbers} a, {numbers} b WHERE a = b + 1")

    with ThreadPoolExecutor() as pool:
        reading = [pool.submit(read, reader) for reader in readers]
        while not all(reader._lock.locked() for reader in readers):
            time.sleep(0.01)
        store.close()
    assert {type(each.exception()) for each in reading} == {StoreError}
    with pytest.raises(StoreError, match="was closed"):
        store.add(rows)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from support.telemetry import AI, Service
from aiprov_otel.errors import StoreError
from aiprov_otel.telemetry.store import Store

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a limit on files stands in for a full disk
with Store.open(Path(sys.argv[1])) as store:
    service = Service()
    service.span("kept", by=AI)
    service.send(store)
    size = Path(sys.argv[1]).stat().st_size + 60_000
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    for n in range(300):
        service.span(f"more {n}", by=AI, text="x" * 5000)
    try:
        service.send(store)
    except StoreError as error:
        print(error)
    with store.reader() as reader:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        if len(sys.argv) > 2:
            service.send(store)
            print(store.query("SELECT count(*) FROM otel_traces"))
"""


def run_on_a_full_disk(path, *words) -> list[str]:
    """What a process says that fills the disk, as a limit on files stands in for it."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, path, *words],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_a_full_disk_loses_nothing_that_was_stored(path):
    """What does not fit is refused in one line; what was answered is there afterwards."""
    (line,) = run_on_a_full_disk(path)

    assert "is the disk full?" in line
    with Store.read(path) as store:
        assert store.query("SELECT SpanName FROM otel_traces") == [("kept",)]


def test_a_store_works_again_when_there_is_room(path):
    """After the disk was full, the same process stores, also while a reader is open."""
    line, count = run_on_a_full_disk(path, "again")

    assert "is the disk full?" in line
    assert count == "[(301,)]"
    with Store.read(path) as store:
        assert store.query("SELECT count(*) FROM otel_traces") == [(301,)]


def leave(path, *, checkpoint) -> None:
    """Leave a store behind as a killed process does, with a log beside it."""
    code = """
import os, signal, sys
from pathlib import Path
from support.telemetry import Service, serve
from aiprov_otel.telemetry.store import Store

service = Service()
serve(service, functions=2, calls=20)
store = Store.open(Path(sys.argv[1]))
service.send(store)
if sys.argv[2] == "True":
    store.checkpoint()
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run(
        [sys.executable, "-c", code, path, str(checkpoint)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )


def test_what_is_not_a_regular_file_is_one_line(tmp_path):
    """A pipe is not waited for, and a device is not read."""
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/zero")):
        for opened in (Store.read, Store.open):
            with pytest.raises(StoreError, match="is not a regular file: name another"):
                opened(place)


@pytest.mark.parametrize("place", [0, 9, 5000, 13_000, 20_000])
def test_a_damaged_file_is_one_line(path, place):
    """Wherever a byte was changed, the line says what to do; nothing ends in a traceback."""
    leave(path, checkpoint=True)
    content = bytearray(path.read_bytes())
    content[place : place + 8] = bytes(byte ^ 0xFF for byte in content[place : place + 8])
    path.write_bytes(content)

    for opened in (Store.read, Store.open):
        with pytest.raises(StoreError) as error, opened(path) as store:
            store.query("SELECT * FROM otel_traces")
        assert "move" in one_line(error)


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_damaged_log_is_one_line(path, place):
    """The newest spans are in a log beside the file, and that may be damaged too."""
    leave(path, checkpoint=False)
    log = path.with_name(f"{path.name}.wal")
    content = bytearray(log.read_bytes())
    middle = int(len(content) * place)
    content[middle : middle + 8] = bytes(byte ^ 0xFF for byte in content[middle : middle + 8])
    log.write_bytes(content)

    with pytest.raises(StoreError) as error, Store.open(path):
        pass
    assert "move" in one_line(error)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE otel_traces DROP COLUMN TraceState",
        "ALTER TABLE otel_traces ALTER COLUMN Duration TYPE VARCHAR",
        "DROP TABLE otel_traces",
    ],
)
def test_a_store_with_other_columns_is_refused(path, change):
    """A table that was changed is named before a query fails on it."""
    Store.open(path).close()
    with closing(duckdb.connect(str(path))) as other:
        other.execute("CREATE TABLE copy AS FROM otel_traces; DROP TABLE otel_traces")
        other.execute("ALTER TABLE copy RENAME TO otel_traces")
        other.execute(change)

    with pytest.raises(StoreError, match="columns were changed: move the file away"):
        Store.open(path)


@pytest.mark.parametrize(
    "change", ["DELETE FROM aiprov_store", "ALTER TABLE aiprov_store RENAME version TO v"]
)
def test_a_store_without_a_version_is_refused(path, change):
    """It is of none that we know."""
    Store.open(path).close()
    with closing(duckdb.connect(str(path))) as other:
        other.execute(change)

    with pytest.raises(StoreError, match="is a store of version None"):
        Store.read(path)


def test_a_killed_process_leaves_what_it_stored(path):
    """SIGKILL in the middle loses no batch that was stored."""
    code = """
import os, signal, sys
from pathlib import Path
from support.telemetry import Service
from aiprov_otel.telemetry.store import Store

service = Service()
service.span("kept")
service.send(Store.open(Path(sys.argv[1])))
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run(
        [sys.executable, "-c", code, path],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )

    with Store.read(path) as store:
        assert store.query("SELECT SpanName FROM otel_traces") == [("kept",)]
