"""The page in a real browser."""

from __future__ import annotations

import time

import pytest

from aiprov_otel.receiver.server import Receiver
from aiprov_otel.report.render.page.html import render_page
from aiprov_otel.telemetry.store import Store
from support.browser import browser, why_not
from support.telemetry import AI, Service, serve

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is one")

ROWS = """
return [...document.querySelectorAll("#functions-table tbody tr")]
    .filter((row) => row.checkVisibility()).map((row) => row.cells[arguments[0] ?? 0].textContent)
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def opened(window, tmp_path, made):
    """Show a report in the window, as a file."""

    def opened(report):
        file = tmp_path / "report.html"
        file.write_text(render_page(report, None, made=made), encoding="utf-8")
        window.complaints()
        window.open(file.as_uri())
        return window

    return opened


def column(window, place: int) -> list[str]:
    """The visible cells of one column of the functions."""
    return window.run(ROWS.replace("arguments[0] ?? 0", str(place)))


@pytest.mark.parametrize("report", ["compared", "hostile"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_it_fits_and_nothing_complains(request, opened, report, scheme, width):
    """On a phone and on a wide screen, light and dark: no scrolling sideways, no error."""
    window = opened(request.getfixturevalue(report))
    window.size(width)
    window.prefer(scheme)

    assert window.run("return innerWidth") == width
    beyond = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
    assert window.run(beyond) == 0
    assert window.run("return document.querySelectorAll('section').length") == 10
    light, dark = "rgb(252, 252, 253)", "rgb(16, 19, 25)"
    background = window.run("return getComputedStyle(document.body).backgroundColor")
    assert background == (light if scheme == "light" else dark)
    assert window.complaints() == []


def test_drawings_have_a_size_and_stay_inside(opened, compared):
    """Every mark of every drawing is within the section that it is in."""
    window = opened(compared)
    window.size(390)

    outside = window.run("""
        return [...document.querySelectorAll("svg *")].filter((mark) => {
            const a = mark.getBoundingClientRect();
            const b = mark.closest("section").getBoundingClientRect();
            return (a.width || a.height) && (a.left < b.left || a.right > b.right);
        }).map((mark) => mark.outerHTML)
    """)
    marks = window.run("return document.querySelectorAll('svg *').length")
    assert (marks > 50, outside) == (True, [])


def test_functions_are_searched(opened, compared):
    """Every word counts, in any case; the origin is chosen beside it; the count is told."""
    window = opened(compared)
    window.size(1440)
    assert len(column(window, 0)) == 25

    window.type("#functions-search", "SHOP quote1")
    found = column(window, 0)
    assert found
    assert all("shop.quote1" in name for name in found)
    assert window.run("return document.getElementById('functions-count').textContent").startswith(
        f"{len(found)} of "
    )
    window.run("const box = document.getElementById('functions-search'); box.value = '';"
               "box.dispatchEvent(new Event('input', {bubbles: true}))")  # fmt: skip
    window.type("#functions-origin", "human")
    assert {name[:10] for name in column(window, 0)} <= {"shop.stock", "shop.total"}


def test_functions_are_sorted(opened, compared):
    """By number, most first, and by name; a second time turns it; what is not known is last."""
    window = opened(compared)
    window.size(1440)
    window.click("#functions-all")

    window.click("#functions-table th:nth-child(5) button")
    *counted, unknown = column(window, 4)
    calls = [int(text.replace(",", "")) for text in counted]
    assert (len(calls) > 25, unknown) == (True, "not counted")
    assert calls == sorted(calls, reverse=True)
    window.click("#functions-table th:nth-child(5) button")
    assert column(window, 4)[0] == str(min(calls))
    window.click("#functions-table th:nth-child(7) button")
    ratios = column(window, 6)
    assert ratios == [text for text in ratios if text] + [text for text in ratios if not text]
    window.click("#functions-table th:nth-child(1) button")
    assert column(window, 0) == sorted(column(window, 0))
    assert window.run("return [...document.querySelectorAll('[aria-sort]')].length") == 1


def test_it_works_by_keyboard(opened, compared):
    """The first key leads past the navigation; every control has a name and can be reached."""
    window = opened(compared)

    nameless = window.run("""
        return [...document.querySelectorAll("a, button, input, select, summary")].filter(
            (one) => !(one.textContent.trim() || one.labels?.[0]?.textContent.trim())
        ).length
    """)
    assert nameless == 0
    assert window.run("return document.querySelector('a').hash") == "#content"
    assert window.run("return [...document.querySelectorAll('[tabindex]')].every((one) =>"
                      "['0', '-1'].includes(one.getAttribute('tabindex')))")  # fmt: skip


def test_it_prints(opened, compared):
    """What is closed on the screen is open on paper."""
    window = opened(compared)
    assert window.run("return document.querySelectorAll('details:not([open])').length") > 0

    assert window.print().startswith(b"%PDF")
    assert window.run("return document.querySelectorAll('details:not([open])').length") == 0


@pytest.mark.matrix
def test_a_page_that_is_served_is_refreshed(window, tmp_path):
    """What comes later appears by itself, and what was typed, chosen and opened stays."""
    with Store.open(tmp_path / "s.duckdb") as store, Receiver(store, port=0) as receiver:
        window.complaints()
        window.open(f"{receiver.endpoint}/")
        assert "no traces received yet" in window.run("return document.body.innerText")
        service = Service()
        serve(service, calls=20)
        service.send(store)
        wait_for(window, "document.getElementById('functions-search')")
        window.click("#errors-numbers summary")
        window.type("#functions-search", "later")
        later = Service()
        later.span("later", by=AI)
        later.send(store)

        wait_for(window, "document.querySelector('#functions-table tbody tr:not([hidden])')")
        assert column(window, 0) == ["shop.later"]
        assert window.run("return document.activeElement.id") == "functions-search"
        assert window.run("return document.getElementById('errors-numbers').open")
        assert window.complaints() == []
        window.open("about:blank")


def wait_for(window, found: str) -> None:
    """Wait until the expression *found* is true there."""
    for _ in range(600):
        if window.run(f"return Boolean({found})"):
            return
        time.sleep(0.1)
    raise TimeoutError(found)
