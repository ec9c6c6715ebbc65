"""The receiver's page: what an address shows, a copy, and news of changes."""

from __future__ import annotations

import http.client
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from aiprov_otel.receiver.pages import STREAMS
from aiprov_otel.receiver.server import Receiver
from support.telemetry import AI, Service
from support.waiting import PATIENCE, until


@contextmanager
def asking(receiver, path: str, host: str | None = None):
    """The answer to a request of *path*."""
    address = receiver.endpoint.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=PATIENCE)
    connection.request("GET", path, headers={"Host": host} if host else {})
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def ask(receiver, path: str, host: str | None = None) -> tuple[int, str]:
    """The status and the text of the answer to *path*."""
    with asking(receiver, path, host) as answer:
        return answer.status, answer.read().decode()


def send(store, name: str = "total") -> None:
    service = Service(run="ab12")
    service.span(name, by=AI, failed=True)
    service.send(store)


def event(answer) -> str:
    """The next event of a stream, without comments."""
    while line := answer.readline().decode():
        if line.startswith("event: "):
            return line.removeprefix("event: ").strip()
    return "the end"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/?view=time", 200, "shop.total"),
        ("/?view=source", 200, "cart.py</code>"),
        ("/?view=file&key=src/shop/cart.py", 200, "The manifest does not contain this file"),
        ("/?run=ab12&days=36500", 200, "</span>cart.py</code>"),
        ("/?view=nothing", 404, "there is no such view"),
        ("/?view=group&key=0000000000", 404, "no such errors"),
        ("/?view=file&key=../../etc/passwd", 404, "no such file"),
        ("/?run=%27;DROP", 400, "run is not the id of a run"),
        ("/?days=-1", 400, "days is not a number of days"),
        ("/?days=nan", 400, "days is not a number of days"),
    ],
)
def test_an_address_names_what_the_page_shows(receiver, store, path, status, words):
    """A view, its key, the run and the days; what there is not is named."""
    send(store)

    answer = ask(receiver, path)

    assert answer[0] == status
    assert words in answer[1]


def test_the_same_page_can_be_kept(receiver, store):
    """A copy has every view, and connects to nothing."""
    send(store)

    status, text = ask(receiver, "/report.html")

    assert (status, text.count('class="view"')) == (200, 6)
    assert "connect-src" not in text


def test_a_change_of_the_store_is_news(receiver, store):
    """A page that listens hears of spans that are new, and not of those that came again."""
    with asking(receiver, "/events") as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.readline() == b"retry: 1000\n"
        send(store)
        assert event(answer) == "change"
    changes = store.changes
    store.add(store_rows())
    store.add(store_rows())
    assert store.changes == changes + 1


def store_rows():
    """Rows that have the same ids each time."""
    if not ROWS:
        service = Service()
        service.span("once", by=AI)
        ROWS.extend(service.rows())
    return ROWS


ROWS: list = []


def test_news_are_for_this_machine_only(receiver):
    """Another name for it gets none."""
    assert ask(receiver, "/events", host="evil.example")[0] == 403


def test_too_many_pages_leave_room_for_others(receiver):
    """One more is asked to come again; one that closes makes room."""
    with ExitStack() as streams:
        open_streams = [streams.enter_context(asking(receiver, "/events")) for _ in range(STREAMS)]
        for answer in open_streams:
            assert answer.readline() == b"retry: 1000\n"
        assert ask(receiver, "/events")[0] == 429
    until(lambda: _status(receiver) == 200, "room for a page")


def _status(receiver) -> int:
    with asking(receiver, "/events") as answer:
        return answer.status


def test_closing_ends_the_streams(store):
    """A page that listens does not keep the receiver."""
    with (
        Receiver(store, port=0) as receiver,
        ThreadPoolExecutor(1) as pool,
        asking(receiver, "/events") as answer,
    ):
        assert answer.readline() == b"retry: 1000\n"
        waiting = pool.submit(event, answer)
        receiver.close()
        assert waiting.result(PATIENCE) == "the end"
