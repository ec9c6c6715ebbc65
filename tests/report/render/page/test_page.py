"""The page, as it is written."""

from __future__ import annotations

import base64
import hashlib
import re
import traceback
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote

import pytest
from opentelemetry.trace import SpanKind

from aiprov_otel import provenance
from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.report.code import Code
from aiprov_otel.report.page import Place, read_page
from aiprov_otel.report.render.page.html import render_page
from aiprov_otel.report.sampling import Sampled
from aiprov_otel.telemetry.store import Store
from support.telemetry import AI, HUMAN, Service, serve

VOID = {"input", "link", "meta"}
EMPTY = {"circle", "line", "rect"}  # of SVG, which end where they begin
VIEWS = ("errors", "group", "source", "file", "time", "comparison")
MESSAGE = "<script>alert(1)</script><img src=x onerror=alert(1)> $style"


class Reader(HTMLParser):
    """Every element with its attributes, and the text; fails where tags don't match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID | EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in EMPTY:
            return
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] not in (["script"], ["style"]):
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(params=["compared", "hostile"])
def any_page(request):
    """A page with every view, of a service that is friendly, and of one that is not."""
    return request.getfixturevalue(request.param)


def test_it_is_well_formed_and_its_names_are_its_own(any_page, made):
    """Every tag is closed where it should be, and no two elements have one id."""
    read = Reader(render_page(any_page, Code(), made=made))

    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert sorted(set(ids)) == sorted(ids)
    targets = [attributes["href"] for attributes in read.all("a")]
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)
    labels = [one["aria-labelledby"] for one in read.all("section")]
    shown = [(one["data-view"], one["data-key"]) for one in read.all("section")]
    assert shown == [(view.name, view.key) for view in any_page.views]
    assert {view for view, _ in shown} == {*VIEWS}
    assert set(labels) <= set(ids)


@pytest.mark.parametrize("served", [False, True])
def test_nothing_of_the_data_is_markup(hostile, made, served):
    """Names, messages and addresses that hold HTML are shown as they are, and do nothing."""
    read = Reader(render_page(hostile, Code(), made=made, served=served))

    assert (len(read.all("script")), read.all("img")) == (1, [])
    assert not [name for _, one in read.elements for name in one if name.startswith("on")]
    assert MESSAGE in read.text
    assert "\u202e" not in read.text


def test_nothing_is_loaded(any_page, made):
    """The file needs no other: an address of the web is only ever where a link leads."""
    text = render_page(any_page, Code(), made=made)

    addresses = [
        (name, key)
        for name, attributes in Reader(text).elements
        for key, value in attributes.items()
        if "//" in (value or "")
    ]
    assert {one for one in addresses if one[1] != "aria-label"} <= {("a", "href")}
    assert not re.search(r"@import|url\(", text)


@pytest.mark.parametrize("served", [False, True])
def test_the_policy_allows_its_own_script_and_style_only(compared, made, served):
    """By their hash; nothing is connected to, but for the news of a page that is served."""
    text = render_page(compared, Code(), made=made, served=served)

    (policy,) = (one["content"] for one in Reader(text).all("meta") if one.get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for kind, rule in (("script", "script-src"), ("style", "style-src")):
        content = re.search(rf"<{kind}>(.*)</{kind}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules.pop(rule) == f"'sha256-{digest}'"
    assert rules.pop("connect-src", None) == ("'self'" if served else None)
    assert rules.pop("img-src") == "data:"
    assert rules.pop("form-action") == ("'self'" if served else "'none'")
    assert set(rules.values()) == {"'none'"}
    assert "style" not in {key for _, one in Reader(text).elements for key in one}


def test_the_same_report_gives_the_same_page(compared, made):
    """Nothing but the report and the time is in it."""
    assert render_page(compared, Code(), made=made) == render_page(compared, Code(), made=made)
    assert "2026-11-22 12:00:00 UTC" in render_page(compared, Code(), made=made)


def of_view(page, name):
    """The value of the first view *name* of *page*."""
    return next(view.value for view in page.views if view.name == name)


def test_it_says_what_it_knows_and_how(compared, code, made):
    """The header, the verdict, each view, and words that claim no cause."""
    text = render_page(compared, code, made=made)
    read = Reader(text)

    for words in (
        of_view(compared, "comparison").verdict.text,
        "associated with",
        "Share of the calls, share of the errors",
        "it is never a verdict",
        "shop.quote0",
        "ValueError",
        "claude-opus-4-6",
        "What this rests on",
        "rest on weak evidence",
        "Add <b>totals</b>",
        "No earlier commit was deployed",
        "What else this commit wrote that fails",
    ):
        assert words in read.text
    assert "causes" not in read.text.replace("not what causes", "").replace("don't show causes", "")
    commit = f"https://forge.example/shop/commit/{AI.commit}"
    assert commit in {one["href"] for one in read.all("a")}


def test_every_view_that_a_copy_leads_to_is_in_it(compared, made):
    """A link within the copy finds its view, but for files that did not fail."""
    read = Reader(render_page(compared, Code(), made=made))

    shown = {(one["data-view"], one["data-key"]) for one in read.all("section")}
    links = [dict(parse_qsl(one["href"][1:].partition("#")[0])) for one in read.all("a")
             if one["href"].startswith("?")]  # fmt: skip
    absent = {(one["view"], one.get("key", "")) for one in links} - shown
    assert {view for view, _ in absent} <= {"file"}


def test_the_stack_is_annotated_without_our_own_frames(of, made, tmp_path):
    """
    Frames of application code show who wrote their line; ours are left out, others folded.

    They lead to that line, if the page has the file.
    """
    path = "tests/report/render/page/test_page.py"
    file = SourceFile(path, "page/test_page.py", content_hash(b""), (Run(1, 999, AI),))
    dump(tmp_path / "m", [file], revision=None, repository_url=None, policy={})
    code = Code(Manifest.load(tmp_path / "m"))
    service = Service()
    error = KeyError("ZZ")
    try:
        wrapped(error)
    except KeyError:
        service.span("GET /", by=AI, failed=True, raised=(error, AI), kind=SpanKind.SERVER)

    page = of(service, code)
    text = Reader(render_page(page, code, made=made)).text

    assert "in wrapped   ◀ ai claude-code claude-opus-4-6 9fd81c200" in " ".join(text.split(" "))
    assert "wrapping.py" in traceback_of(error)
    assert "wrapping.py" not in text
    raised = error.__traceback__.tb_next.tb_next.tb_lineno
    line = f"?view=file&key={quote(path, safe='')}#L{raised}"
    for served in (False, True):
        links = Reader(render_page(page, code, made=made, served=served)).all("a")
        assert (line in {one["href"] for one in links}) == served


@provenance(origin="ai")
def wrapped(error):
    """Fails below a frame of ours."""
    raise error


def traceback_of(error) -> str:
    """As Python prints it."""
    return "".join(traceback.format_exception(error))


def test_a_column_that_no_file_fills_is_left_out(of, compared, made):
    """The list of files has agents where a model wrote a line, and tests where they are known."""
    service = Service()
    service.span("stock", by=HUMAN)
    for page, is_there in ((compared, True), (of(service), False)):
        text = Reader(render_page(page, Code(), made=made)).text
        assert [name in text for name in ("agents, models", "tested")] == [is_there] * 2


def test_without_a_verdict_no_part_has_one(of, made):
    """Too few to tell as a whole is too few to tell by route or by commit."""
    service = Service()
    service.span("total", by=AI, failed=True)
    service.span("stock", by=HUMAN, failed=True)

    read = Reader(render_page(of(service), Code(), made=made))

    assert "Too few to tell" in read.text
    assert not {"routes", "excess"} & {one.get("id") for one in read.all("h3")}
    assert "Ratio on the same routes" not in read.text


def test_where_failures_were_kept_no_share_is_drawn(of, made):
    """Counts of what was kept are marked as such, and no drawing invites to compare them."""
    service = Service()
    serve(service)

    text = render_page(of(service, sampled=Sampled.FAILURES), Code(), made=made)

    compared = text[text.index('data-view="comparison"') :]
    assert "No verdict: failures were kept" in compared
    assert "Not comparable" in compared
    assert "<rect" not in compared
    assert 'id="routes"' not in compared


def test_a_page_that_is_served_shows_when_there_is_nothing(tmp_path, made):
    """It names the way to get something, and will show it when it comes."""
    with Store.open(tmp_path / "s.duckdb") as store:
        page = read_page(store, Place(), Code())

    read = Reader(render_page(page, Code(), made=made, served=True))

    assert "no traces received yet" in read.text
    assert read.all("section") == []


def test_the_text_of_a_file_has_who_wrote_each_line(compared, code, made):
    """A gutter of origins, the errors and the tests of each line, and its text."""
    text = render_page(compared, code, made=made)
    file = text[text.index('data-key="src/shop/cart.py"') :]
    file = file[: file.index("</section>")]

    rows = re.findall(r'<tr data-line="(\d+)"(.*?)</tr>', file, re.DOTALL)
    assert [number for number, _ in rows] == [str(number) for number in range(1, 21)]
    raised = [number for number, row in rows if 'class="raised"' in row]
    assert raised == ["7"]
    assert [row.count("gutter ai") for _, row in rows] == [1] * 9 + [0] * 11
    assert [row.count("not tested") for _, row in rows] == [0] * 7 + [1] * 2 + [0] * 11
    assert all(f"<pre>line {number}</pre>" in row for number, row in rows)
    named = [number for number, row in rows if 'class="origin' in row]
    assert named == ["1", "10", "16"]


def test_an_error_says_why_its_origin_is_believed_and_what_it_failed(compared, code, made):
    """The evidence of the line, the name of the request, and the stack before the long trace."""
    text = render_page(compared, code, made=made)
    failed = next(one for one in compared.views[0].value if one.type == "ValueError")
    group = text[text.index(f'data-key="{failed.id}"') :]
    group = group[: group.index("</section>")]

    assert "evidence: co-author" in group
    assert "<strong>GET /" in group
    assert group.index('class="stack"') < group.index('class="waterfall"')
