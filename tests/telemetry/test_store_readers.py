"""Reports read a store while it is written: their time and memory have limits."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

import pytest

from aiprov_otel.errors import StoreError
from aiprov_otel.telemetry import store_errors
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, Service


@pytest.fixture
def path(tmp_path):
    return tmp_path / "telemetry.duckdb"


def test_a_query_has_a_time_limit(path, monkeypatch):
    """A reader's query that takes too long is ended in one line; the next one is answered."""
    monkeypatch.setattr(store_errors, "QUERY_LIMIT", 0.2)  # not two minutes
    with Store.open(path) as store, store.reader() as reader:
        with pytest.raises(StoreError, match=r"took more than 0\.2 seconds"):
            reader.query("SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b")
        assert reader.query("SELECT 1") == [(1,)]


def test_a_query_that_needs_too_much_memory_is_one_line(path):
    """It says what needs less."""
    with Store.open(path, memory=8 * 2**20) as store, store.reader() as reader:
        with pytest.raises(StoreError, match=r"needs more memory .* --days"):
            reader.query("SELECT list(i) FROM range(20_000_000) t(i)")
        assert reader.query("SELECT 1") == [(1,)]


def test_a_reader_can_be_limited(path):
    """While it is open, DuckDB holds so much, and as much as the file has; then more again."""
    with Store.open(path, memory=96 * 2**20) as store:
        unlimited = _limit(store)
        with store.reader() as reader:
            assert 96 <= _limit(reader) < 100
        assert _limit(store) == unlimited > 200


def test_readers_leave_no_memory(path):
    """What DuckDB keeps of queries is freed before the next reader: sixty take no more than ten."""
    code = '''
import sys
from pathlib import Path
from aiprov_otel.telemetry.store import Store

RANKS = """
SELECT row_number() OVER (PARTITION BY a ORDER BY b) AS c,
    first_value(b) OVER (PARTITION BY b % 7 ORDER BY a DESC)
FROM (SELECT range % 100 AS a, range * 7 % 1000 AS b FROM range(3000))
ORDER BY c
"""

def resident() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])

with Store.open(Path(sys.argv[1]), memory=96 * 2**20) as store:
    for number in range(60):
        with store.reader() as reader:
            for _ in range(20):
                reader.query(RANKS)
        if number == 9:
            before = resident()
    print(resident() - before)
'''
    command = [sys.executable, "-c", code, str(path)]
    grown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert int(grown) < 3 * 1024  # KiB; 9 MiB when nothing is freed


@pytest.mark.parametrize("is_written", [False, True])
def test_spans_are_taken_while_readers_come_and_go(path, is_written):
    """Freeing memory between readers takes none from the writer, nor from a reader."""
    batches = [_numbered(number) for number in range(40)]
    taken = []
    with Store.open(path, memory=96 * 2**20) as store:
        store.add(_numbered(1_000))
        unlimited = _limit(store)

        def write():
            taken.extend(map(store.add, batches))

        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(write)
            while not writing.done():
                if is_written:
                    store.checkpoint()  # all that is in memory can be had from the file again
                with store.reader() as one, store.reader() as other:
                    for reader in (one, other):
                        ((spans,),) = reader.query("SELECT count(*) FROM otel_traces")
                        assert spans > 0
            writing.result()
        assert _limit(store) == unlimited
    assert taken == [1] * len(batches)


def test_nothing_is_freed_while_another_reads(path):
    """A table of one reader stays in memory when another is opened."""
    with Store.open(path, memory=96 * 2**20) as store, store.reader() as one:
        one.query("CREATE TEMPORARY TABLE numbers AS SELECT hash(range) AS n FROM range(1_000_000)")
        with store.reader() as other:
            held = "SELECT sum(temporary_storage_bytes) FROM duckdb_memory()"
            assert other.query(held) == [(0,)]


def test_an_interrupt_while_memory_is_freed_leaves_no_limit(path):
    """Whenever it comes, the writer has all of the memory again."""
    with Store.open(path) as store:
        store.add(_numbered(1_000))
        unlimited = _limit(store)
    for _ in range(8):  # DuckDB takes a limit of one byte of most stores that were just opened
        with Store.open(path, memory=96 * 2**20) as store:
            for _ in range(5):
                with _interrupted(store), store._lock:
                    store._free()
                assert _limit(store) == unlimited


@contextmanager
def _interrupted(store):
    """All the time, *store* is interrupted in another thread."""
    over = threading.Event()

    def interrupt():
        while not over.is_set():
            store.interrupt()

    with ThreadPoolExecutor(1) as pool:
        interrupting = pool.submit(interrupt)
        try:
            yield
        finally:
            over.set()
        interrupting.result()


def test_readers_can_be_interrupted_while_others_are_opened(path):
    """An interrupt meets each reader that is open, and none is opened in its way."""
    with Store.open(path) as store, ExitStack() as stack, _interrupted(store):
        for _ in range(100):
            with suppress(StoreError):
                stack.enter_context(store.reader())


def test_a_reader_that_can_not_be_opened_is_closed(path):
    """It does not count as one that reads: memory is freed before the next reader."""
    with Store.open(path, memory=96 * 2**20) as store:
        path.rename(path.with_name("gone"))
        with pytest.raises(FileNotFoundError):
            store.reader()
        assert [each.is_closed for each in store._state.readers] == [True]


def _numbered(number: int) -> list:
    service = Service()
    service.span(f"total{number}", by=AI, at=number, ms=2)
    return service.rows()


def _limit(store) -> float:
    """MiB."""
    ((limit,),) = store.query("SELECT current_setting('memory_limit')")
    number, unit = limit.split()
    return (
        float(number) * {"byte": 2**-20, "bytes": 2**-20, "MiB": 1, "GiB": 1024, "TiB": 2**20}[unit]
    )
