"""The shop does what a shop does, and fails where its authors left a bug."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime

import httpx
import pytest

from aiprov_otel.demo import customers, load, service
from aiprov_otel.demo.shop import lay_out
from aiprov_otel.errors import AiprovError

SILENT = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}
BASKET = {"items": {"PN-001": 2, "BK-001": 1}, "postcode": "1010", "coupon": "welcome"}
ORDER = {**BASKET, "name": "Ada Winter"}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The address of a shop that runs."""
    folder = lay_out(tmp_path_factory.mktemp("demo") / "shop")
    with service.run_shop(folder, os.environ | SILENT, folder / "log") as address:
        yield address


@pytest.fixture
def ask(address):
    """Ask the shop; each request has its own connection."""

    def ask(method, path, body=None):
        return httpx.request(method, address + path, json=body, trust_env=False)

    return ask


def test_an_order_is_quoted_placed_shown_and_refunded(ask):
    """
    The ordinary way through the shop works, to the cent.
    """
    quote = ask("POST", "/quote", BASKET).json()
    placed = ask("POST", "/orders", ORDER).json()
    shown = ask("GET", f"/orders/{placed['id']}").json()
    refund = ask("POST", f"/orders/{placed['id']}/refund", {"items": {"PN-001": 1}}).json()
    report = ask("GET", f"/reports/daily?day={datetime.now(UTC).date()}").json()

    assert quote == {
        "subtotal": 10490,
        "discount": 1049,
        "shipping": 600,
        "tax": 2309,
        "total": 12350,
    }
    assert placed["total"] == shown["total"] == quote["total"]
    assert shown["receipt"][:2] == ["2 x PN-001  98.00", "    discount  -9.80"]
    assert refund == {"cents": 4410}
    assert report["orders"] >= 1


def test_the_search_forgives_a_typing_error(ask):
    """
    What is most like the query comes first.
    """
    assert ask("GET", "/catalog?query=fontain pen").json()[0]["name"] == "Fountain pen"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/orders/999", None, 404),
        ("POST", "/quote", {**BASKET, "items": {"XX-999": 1}}, 404),
        ("POST", "/orders", {**ORDER, "items": {"PN-001": 999_999}}, 409),
        ("POST", "/orders", {**ORDER, "items": {}}, 422),
    ],
)
def test_what_the_authors_thought_of_is_refused(ask, method, path, body, status):
    """
    A refusal is no error of anybody's code.
    """
    assert ask(method, path, body).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/catalog?query=qwzx", None),
        ("GET", "/catalog?page=4", None),
        ("POST", "/quote", {**BASKET, "postcode": "SW1A 1AA"}),
        ("POST", "/quote", {**BASKET, "coupon": "STAFF"}),
        ("POST", "/orders", {**ORDER, "items": {"PN-001": 0}}),
        ("POST", "/orders", {**ORDER, "items": {"PN-001": 10**20}}),
        ("GET", "/reports/daily?day=2021-01-01", None),
    ],
)
def test_what_the_authors_forgot_fails(ask, method, path, body):
    """
    Each odd input of the load meets a bug that is really there.
    """
    assert ask(method, path, body).status_code == 500


def test_the_load_gets_answers_of_all_kinds(address):
    """
    Most of the load is served, some is refused, and some fails.
    """
    answers = load.drive(address, customers.plan(200))
    kinds = Counter({status // 100: count for status, count in answers.items()})

    assert answers.total() == 200
    assert answers[200] > 100
    assert kinds[5] >= 5


def test_a_shop_that_does_not_start_is_said_in_one_line(tmp_path):
    """
    The line names the file that says why.
    """
    log = tmp_path / "log"

    with (
        pytest.raises(AiprovError, match=r"^the shop did not start; see .*log$"),
        service.run_shop(tmp_path, os.environ | SILENT, log),
    ):
        pass

    assert "shop" in log.read_text()
