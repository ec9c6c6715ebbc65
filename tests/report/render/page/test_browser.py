"""The page in a real browser."""

from __future__ import annotations

import time

import pytest

from aiprov_otel.receiver.server import Receiver
from aiprov_otel.report.render.page.html import render_page
from aiprov_otel.telemetry.store import Store
from support.browser import browser, why_not
from support.telemetry import AI, Service, serve
from support.waiting import PATIENCE

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is one")

VIEWS = {
    "errors": "",
    "group": "?view=group&key={group}",
    "source": "?view=source",
    "file": "?view=file&key=src/shop/cart.py",
    "time": "?view=time",
    "comparison": "?view=comparison",
}
ROWS = """
return [...document.querySelectorAll(".view.current #{table} tbody tr")]
    .filter((row) => row.checkVisibility()).map((row) => row.cells[{column}].innerText)
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
def opened(window, tmp_path, made, code):
    """Show a view of a page in the window, as a file."""

    def opened(page, query: str = ""):
        file = tmp_path / "report.html"
        file.write_text(render_page(page, code, made=made), encoding="utf-8")
        window.open("about:blank")
        window.complaints()
        window.open(f"{file.as_uri()}{query.format(group=page.views[0].value[0].id)}")
        return window

    return opened


def column(window, table: str, place: int) -> list[str]:
    """The visible cells of one column of a table."""
    return window.run(ROWS.replace("{table}", table).replace("{column}", str(place)))


def address(window) -> dict[str, str]:
    """The parts of the address."""
    return window.run("return Object.fromEntries(new URLSearchParams(location.search))")


def press(window, key: str, where: str = "document.activeElement") -> None:
    """Press a key where the focus is."""
    window.run(
        f"{where}.dispatchEvent(new KeyboardEvent('keydown', "
        f"{{key: '{key}', bubbles: true, cancelable: true}}))"
    )


@pytest.mark.parametrize("page", ["compared", "hostile"])
def test_every_view_fits_and_nothing_complains(request, opened, page):
    """On a phone and on a wide screen, light and dark: no scrolling sideways, no error."""
    page = request.getfixturevalue(page)
    beyond = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
    for name, query in VIEWS.items():
        window = opened(page, query)
        assert window.run("return document.querySelector('.view.current').dataset.view") == name
        for width, scheme, color in ((390, "light", 247), (1440, "dark", 16)):
            window.size(width)
            window.prefer(scheme)
            assert (name, width, window.run(beyond)) == (name, width, 0)
            background = window.run("return getComputedStyle(document.body).backgroundColor")
            assert background.startswith(f"rgb({color}, ")
        assert window.complaints() == []


def test_a_phone_shows_what_it_is_about_and_the_first_errors(opened, compared):
    """Service, commit, window, run, and the first row with its request, on one screen."""
    window = opened(compared)
    window.size(390, 844)

    facts = window.run("return document.querySelector('#facts').innerText")
    assert [word for word in ("shop", "444444444", "UTC", "Run") if word not in facts] == []
    ends = "return document.querySelector('#groups tbody tr').getBoundingClientRect().bottom"
    assert window.run(ends) < 844
    assert "GET /" in column(window, "groups", 0)[0]


def test_drawings_have_a_size_and_stay_inside(opened, compared):
    """Every mark of every drawing is within the view that it is in."""
    marks = 0
    for query in VIEWS.values():
        window = opened(compared, query)
        window.size(390)
        outside = window.run("""
            const marks = document.querySelectorAll(".view.current svg:not(.box) *");
            return [...marks].filter((mark) => {
                const a = mark.getBoundingClientRect();
                const b = mark.closest("section").getBoundingClientRect();
                return !mark.closest(".box") && (a.width || a.height)
                    && (a.left < b.left - 1 || a.right > b.right + 1);
            }).map((mark) => mark.outerHTML)
        """)
        marks += window.run("return document.querySelectorAll('.view.current svg *').length")
        assert outside == []
    assert marks > 100


def test_errors_that_escaped_come_first_and_the_others_are_a_click_away(opened, compared):
    """The first view has them by number; the address names the outcome once it is chosen."""
    window = opened(compared)
    window.size(1440)

    counts = [int(text) for text in column(window, "groups", 3)]
    assert counts == sorted(counts, reverse=True)
    window.click("[data-outcome-link=handled]")
    assert address(window)["outcome"] == "handled"
    assert column(window, "groups", 0) == []
    assert window.run("return document.querySelector('[data-none=groups]').checkVisibility()")
    window.click("[data-outcome-link=escaped]")
    assert len(column(window, "groups", 0)) == 50
    assert not window.run("return document.querySelector('[data-none=groups]').checkVisibility()")
    window.click("[data-all=groups]")
    assert len(column(window, "groups", 0)) == len(compared.views[0].value)


def test_filters_are_in_the_address_and_come_from_it(opened, compared):
    """Words and origin filter the rows; the address that results shows the same rows elsewhere."""
    window = opened(compared)
    window.size(1440)
    window.type("#filters [name=q]", "ERROR cart")
    window.type("#filters [name=origin]", "ai")

    rows = column(window, "groups", 0)
    assert rows
    assert all("cart.py" in row for row in rows)
    assert (address(window)["q"], address(window)["origin"]) == ("ERROR cart", "ai")
    again = window.run("return location.search")
    opened(compared, again)
    assert column(window, "groups", 0) == rows
    assert window.run("return document.querySelector('#filters [name=origin]').value") == "ai"
    press(window, "x", "document.body")
    assert len(column(window, "groups", 0)) == 50
    assert address(window) == {"view": "errors"}


def test_a_filter_stays_from_view_to_view(opened, compared):
    """In a file and in a graph, what does not pass fades."""
    window = opened(compared, "?view=errors&origin=human")
    window.size(1440)
    window.click("[data-nav=time]")
    faded = "return [...document.querySelectorAll('.box.dim')].map((box) => box.dataset.origin)"
    assert address(window)["origin"] == "human"
    assert "human" not in window.run(faded)
    assert window.run(faded)

    opened(compared, "?view=file&key=src/shop/cart.py&origin=human")
    lines = "return [...document.querySelectorAll('.code tr[data-line]:not(.dim)')].length"
    assert window.run(lines) == 6

    opened(compared, "?view=source&origin=human&model=unknown")
    assert column(window, "files", 0) == ["src/shop/cart.py"]
    opened(compared, "?view=source&origin=mixed")
    assert column(window, "files", 0) == []


@pytest.mark.parametrize(
    ("query", "files"),
    [
        ("agent=claude-code", ["src/shop/cart.py"]),
        ("agent=cursor", []),
        (f"commit={AI.commit}", ["src/shop/cart.py"]),
        ("commit=9fd81c2", ["src/shop/cart.py"]),
        (f"commit={'7' * 40}", []),
        ("service=shop", ["src/shop/cart.py", "src/shop/stock.py"]),
        ("service=other", []),
    ],
)
def test_the_list_of_files_follows_every_filter_of_lines(opened, compared, query, files):
    """By what any line of a file has, and by the services that ran it."""
    window = opened(compared, f"?view=source&{query}")
    window.size(1440)

    assert column(window, "files", 0) == files
    assert window.run("return document.getElementById('reach').textContent") == ""


def test_a_filter_that_a_view_can_not_follow_is_named(opened, compared):
    """One line of text; a filter by the lines of a commit stays from view to view."""
    reach = "return document.getElementById('reach').textContent"
    window = opened(compared, f"{VIEWS['file']}&service=shop&commit={AI.commit}")
    assert window.run(reach) == "No effect in this view: service."
    window.click("[data-nav=source]")
    assert (window.run(reach), address(window)["commit"]) == ("", AI.commit)
    window.click("[data-nav=comparison]")
    assert window.run(reach) == (
        "No effect in this view: service. Only the table of functions is filtered."
    )
    press(window, "x", "document.body")
    assert window.run(reach) == ""


def test_an_error_leads_to_the_files_that_its_commit_wrote(opened, compared):
    """The list of files, filtered by the commit of the line that raised."""
    window = opened(compared, "?q=ValueError")
    window.click("#groups tbody tr:not([hidden]) a")
    window.click(".view.current a[href*='commit=']")

    assert (address(window)["view"], address(window)["commit"]) == ("source", AI.commit)
    assert "q" not in address(window)
    assert column(window, "files", 0) == ["src/shop/cart.py"]


def test_tables_are_sorted(opened, compared):
    """By number, most first, and by name; a second time turns it; what is not known is last."""
    window = opened(compared, "?view=comparison")
    window.size(1440)
    window.click("[data-all=functions]")

    window.click("#functions th:nth-child(5) button")
    *counted, unknown = column(window, "functions", 4)
    calls = [int(text.replace(",", "")) for text in counted]
    assert (len(calls) > 25, unknown) == (True, "not counted")
    assert calls == sorted(calls, reverse=True)
    assert address(window)["sort"] == "-functions.4"
    window.click("#functions th:nth-child(5) button")
    assert column(window, "functions", 4)[0] == str(min(calls))
    window.click("#functions th:nth-child(1) button")
    names = column(window, "functions", 0)
    assert names == sorted(names)
    assert window.run("return document.querySelectorAll('[aria-sort]').length") == 1


def test_an_error_leads_to_its_trace_its_line_and_back(opened, compared):
    """The row, the group with waterfall and stack, the line in its file, and the way back."""
    window = opened(compared, "?q=ValueError")
    window.click("#groups tbody tr:not([hidden]) a")
    assert address(window)["view"] == "group"
    assert window.run("return document.querySelectorAll('.view.current .waterfall li').length") == 2
    assert "Traceback" in window.run(
        "return document.querySelector('.view.current .stack').innerText"
    )

    window.click(".view.current .facts a")
    assert address(window)["key"] == "src/shop/cart.py"
    assert window.run("return document.querySelector('.target').dataset.line") == "7"
    window.run("history.back()")
    wait_for(window, "document.querySelector('.view.current').dataset.view === 'group'")
    window.run("history.back()")
    wait_for(window, "document.querySelector('.view.current').dataset.view === 'errors'")
    row = "document.activeElement.closest('#groups tr')?.innerText.includes('ValueError')"
    wait_for(window, row)


def test_a_file_leads_to_its_lines_that_failed(opened, compared):
    """The number of a line is a link to it, also a second time, and in the same view."""
    window = opened(compared, VIEWS["file"])
    window.size(390, 300)

    for _ in range(2):
        window.run("window.scrollTo(0, 0)")
        window.click(".view.current .facts a[href$='#L7']")
        line = "document.querySelector('.view.current .target').getBoundingClientRect()"
        assert window.run(f"return {line}.top > 0 && {line}.bottom < innerHeight")


def test_a_view_that_a_copy_lacks_is_named(opened, compared):
    """An old link shows why there is nothing, and the way back."""
    window = opened(compared, "?view=group&key=0000000000")

    assert "does not hold that view" in window.run("return document.body.innerText")
    window.click("#absent a")
    assert window.run("return document.querySelector('.view.current').dataset.view") == "errors"


def test_single_keys_lead_through_the_page(opened, compared):
    """From view to view, from row to row, to the search and to the list of keys; or not at all."""
    window = opened(compared)
    for key, view in (("s", "source"), ("t", "time"), ("c", "comparison"), ("e", "errors")):
        press(window, key)
        assert window.run("return document.querySelector('.view.current').dataset.view") == view
    press(window, "j")
    press(window, "j")
    focused = (
        "return [...document.querySelectorAll('#groups th a')].indexOf(document.activeElement)"
    )
    assert window.run(focused) == 1
    press(window, "k")
    assert window.run(focused) == 0
    press(window, "/")
    assert window.run("return document.activeElement.name") == "q"
    press(window, "s")
    assert address(window)["view"] == "errors"
    press(window, "?", "document.body")
    assert window.run("return document.getElementById('help').open")
    window.click("#keys-on")
    window.run("document.getElementById('help').close()")
    press(window, "s", "document.body")
    assert (address(window)["view"], address(window)["keys"]) == ("errors", "off")


def test_the_flame_graph_is_zoomed_by_mouse_and_by_keys(opened, compared):
    """A box becomes as wide as the graph; arrows lead from box to box; the address has the zoom."""
    window = opened(compared, "?view=time")
    window.size(1440)
    window.run("Flame.focus(document.querySelector('.box'))")
    press(window, "ArrowDown")
    assert window.run("return document.activeElement.dataset.id") == "0.0"
    press(window, "ArrowRight")
    assert window.run("return document.activeElement.dataset.id") == "0.1"
    press(window, "Enter")
    assert address(window)["at"] == "0.1"
    zoomed = "return document.querySelector('.box[data-id=\"0.1\"]').getAttribute('width')"
    assert window.run(zoomed) == "100.000%"
    assert (
        window.run("return document.querySelector('.box[data-id=\"0.0\"]').checkVisibility()")
        is False
    )
    assert "shop." in window.run("return document.querySelector('.box-text').textContent")
    press(window, "Escape")
    assert "at" not in address(window)
    window.click(".box")
    assert address(window)["at"] == "0"


def test_everything_is_reached_by_keyboard(opened, compared):
    """The first key leads past the header; every control has a name."""
    window = opened(compared)

    nameless = window.run("""
        return [...document.querySelectorAll("a, button, input, select, summary")].filter(
            (one) => one.type !== "hidden" && !(one.textContent.trim() || one.ariaLabel
                || one.labels?.[0]?.textContent.trim())
        ).length
    """)
    assert nameless == 0
    assert window.run("return document.querySelector('a').hash") == "#content"
    assert window.run("return [...document.querySelectorAll('[tabindex]')].every((one) =>"
                      "['0', '-1'].includes(one.getAttribute('tabindex')))")  # fmt: skip


def test_it_prints(opened, compared):
    """What is closed on the screen is open on paper."""
    window = opened(compared, "?view=comparison")
    closed = "return document.querySelectorAll('.view.current details:not([open])').length"
    assert window.run(closed) > 0

    assert window.print().startswith(b"%PDF")
    assert window.run(closed) == 0


def test_the_modules_of_the_script(opened, compared):
    """Each does its part: addresses, rows, places in the flame graph, and how long a page rests."""
    window = opened(compared)
    results = window.run("""return [
        Address.parse("?view=time&origin=ai"),
        Address.format({ view: "file", key: "a b", origin: "" }),
        Address.isSame({ view: "time", origin: "ai" }, { view: "time", key: "" }),
        Address.isSame({ view: "time", days: "1" }, { view: "time" }),
        Rows.passes({ origin: "ai" }, "KeyError in cart", { q: "CART key", origin: "ai" }),
        Rows.passes({ origin: "ai" }, "KeyError", { origin: "human" }),
        Rows.passes({ origin: "ai", outcome: "handled" }, "", { outcome: "escaped" }),
        Rows.passes({ origin: "ai" }, "", { outcome: "escaped" }),
        Flame.place({ begin: 0.5, share: 0.25 }, { begin: 0.5, share: 0.5 }),
        Flame.isRelated("1.0", "1.0.2"), Flame.isRelated("1.0", "1.02"),
        Flame.next(["0", "0.0", "1"], "0", "ArrowDown"),
        Flame.next(["0", "0.0", "1"], "1", "ArrowRight"),
        Live.pause(250), Live.pause(1000), Live.pause(5000),
    ]""")
    assert results == [
        {"view": "time", "key": "", "origin": "ai"},
        "?view=file&key=a+b",
        *(True, False, True, False, False, True),
        {"x": 0, "width": 50},
        *(True, False, "0.0", "1"),
        *(250, 4000, 20000),
    ]


def test_a_page_that_is_served_follows_the_store(window, tmp_path):
    """What comes later appears by itself, and the view, the filters and the focus stay."""
    with Store.open(tmp_path / "s.duckdb") as store, Receiver(store, port=0) as receiver:
        window.open("about:blank")
        window.complaints()
        window.open(f"{receiver.endpoint}/")
        assert "no traces received yet" in window.run("return document.body.innerText")
        wait_for(window, "document.getElementById('live').textContent === 'live'")
        service = Service()
        serve(service, functions=4, calls=6)
        service.send(store)
        wait_for(window, "document.querySelector('#groups tbody tr')")
        window.click("[data-nav=comparison]")
        wait_for(window, "document.querySelector('#functions tbody tr')")
        window.type("#filters [name=q]", "later")
        later = Service()
        later.span("later", by=AI)
        later.send(store)

        wait_for(window, "document.querySelector('#functions tbody tr:not([hidden])')")
        assert column(window, "functions", 0) == ["shop.later"]
        assert window.run("return document.activeElement.name") == "q"
        window.run("history.back()")
        wait_for(window, "document.querySelector('.view.current').dataset.view === 'errors'")
        assert window.complaints() == []
        receiver.close()
        wait_for(window, "document.getElementById('live').textContent.includes('not answer')")
        window.open("about:blank")


def test_a_served_page_can_be_about_a_run(window, tmp_path):
    """Its address names the run and the days; the choice in the header changes it."""
    with Store.open(tmp_path / "s.duckdb") as store, Receiver(store, port=0) as receiver:
        for run in ("ab12", "cd34"):
            service = Service(run=run)
            service.span(f"of {run}", by=AI, failed=True, at=int(run == "cd34"))
            service.send(store)
        window.open(f"{receiver.endpoint}/")
        assert window.run("return document.getElementById('facts').innerText.includes('cd34')")
        window.type(".scope [name=run]", "ab12")
        wait_for(window, "document.getElementById('facts').innerText.includes('ab12')")
        assert address(window)["run"] == "ab12"
        assert column(window, "groups", 3) == ["1"]
        window.click("[data-nav=time]")
        wait_for(window, "document.querySelector('.view.current .box')")
        assert (address(window)["run"], address(window)["view"]) == ("ab12", "time")
        window.open("about:blank")


def wait_for(window, condition: str) -> None:
    """Wait until the expression *condition* is true there."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if window.run(f"return Boolean({condition})"):
            return
        time.sleep(0.05)
    raise TimeoutError(condition)
