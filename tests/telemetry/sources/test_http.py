"""A server that is slow or absent, and the parts of its address."""

import socket

import pytest

from aiprov_otel.errors import StoreError
from aiprov_otel.telemetry.sources import http
from aiprov_otel.telemetry.sources.http import Server, parse_address, redacted


def test_a_server_that_never_answers_is_given_up(monkeypatch):
    """One line, that says what to do, when the time for an answer is over."""
    monkeypatch.setattr(http, "_ANSWERING", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"clickhouse://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreError, match="does not answer in time: check that it is up"):
            Server(parse_address(address, 1, 2), {}).ask("/", {}, b"SELECT 1")


def test_a_server_that_hangs_up_is_not_there():
    """A connection that is closed instead of an answer is said to be none."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"clickhouse://127.0.0.1:{server.getsockname()[1]}"
        server.listen(0)
        server.shutdown(socket.SHUT_RDWR)
        with pytest.raises(StoreError, match="nothing answers at clickhouse://"):
            Server(parse_address(address, 1, 2), {}).ask("/", {})


def test_an_address_has_a_host_and_a_user():
    """Signs that are written with a percent sign are themselves, and the path has no last slash."""
    address = parse_address("kind://a%40b:p%2Fw@host/path/?secure=TRUE&period=1d", 80, 443)
    assert (address.host, address.port, address.path) == ("host", 443, "/path")
    assert (address.user, address.password, address.secure) == ("a@b", "p/w", True)
    assert address.query["period"] == "1d"
    assert address.shown == "kind://host:443"


def test_an_address_that_leaves_things_out_gets_the_port_of_its_kind():
    """Neither user nor password, and no HTTPS."""
    address = parse_address("kind://host", 80, 443)
    assert (address.port, address.user, address.password, address.secure) == (80, "", "", False)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://pat:secret@host/path", "https://host/path"),
        ("clickhouse://pat:se/cret@host:port/otel", "clickhouse://host:port/otel"),
        ("prometheus://pat:se@cret@host:9090?token=secret", "prometheus://host:9090"),
        ("pat:secret@host:org/repo", "host:org/repo"),
        ("ftp://secret@", "ftp://"),
        ("traces.json", "traces.json"),
    ],
)
def test_an_address_in_a_message_has_no_secret(address, shown):
    """Whatever an address looks like, also one that is not valid."""
    assert redacted(address) == shown


@pytest.mark.parametrize("text", ["kind://", "kind://host:port", "kind://host:70000", "kind://:80"])
def test_what_names_no_host_or_port_is_no_address(text):
    """The caller says what one looks like."""
    with pytest.raises(ValueError, match=r"kind://|Port"):
        parse_address(text, 80, 443)
