"""The page, as it is written."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from aiprov_otel.manifest import Manifest, Run, SourceFile, content_hash, dump
from aiprov_otel.report.render.page.html import render_empty_page, render_page
from aiprov_otel.report.sampling import Sampled
from support.telemetry import AI, HUMAN, Service, serve

VOID = {"input", "link", "meta"}


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
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] not in (["script"], ["style"]):
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(params=["compared", "hostile"])
def any_report(request):
    """A report with every section, of a service that is friendly, and of one that is not."""
    return request.getfixturevalue(request.param)


def test_it_is_well_formed_and_its_names_are_its_own(any_report, made):
    """Every tag is closed where it should be, and no two elements have one id."""
    read = Reader(render_page(any_report, None, made=made))

    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert sorted(set(ids)) == sorted(ids)
    targets = [attributes["href"] for attributes in read.all("a")]
    assert {target[1:] for target in targets if target.startswith("#")} <= set(ids)
    labels = [one["aria-labelledby"] for one in read.all("section")]
    assert len(labels) == 10
    assert set(labels) <= set(ids)


@pytest.mark.parametrize("served", [False, True])
def test_nothing_of_the_data_is_markup(hostile, made, served):
    """Names, messages and addresses that hold HTML are shown as they are, and do nothing."""
    read = Reader(render_page(hostile, None, made=made, served=served))

    assert (len(read.all("script")), read.all("img")) == (1, [])
    assert not [name for _, one in read.elements for name in one if name.startswith("on")]
    assert "<script>alert(1)</script><img src=x onerror=alert(1)> $style" in read.text
    assert "\u202e" not in read.text


def test_nothing_is_loaded(any_report, made):
    """The file needs no other: an address of the web is only ever where a link leads."""
    text = render_page(any_report, None, made=made)

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
    text = render_page(compared, None, made=made, served=served)

    (policy,) = (one["content"] for one in Reader(text).all("meta") if one.get("http-equiv"))
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for kind, rule in (("script", "script-src"), ("style", "style-src")):
        content = re.search(rf"<{kind}>(.*)</{kind}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules.pop(rule) == f"'sha256-{digest}'"
    assert rules.pop("connect-src", None) == ("'self'" if served else None)
    assert rules.pop("img-src") == "data:"
    assert set(rules.values()) == {"'none'"}
    assert "style" not in {key for _, one in Reader(text).elements for key in one}


def test_the_same_report_gives_the_same_page(compared, made):
    """Nothing but the report and the time is in it."""
    assert render_page(compared, None, made=made) == render_page(compared, None, made=made)
    assert "2026-11-22 12:00:00 UTC" in render_page(compared, None, made=made)


def test_it_says_what_it_knows_and_how(compared, made):
    """The verdict, its interval, each section, and words that claim no cause."""
    read = Reader(render_page(compared, None, made=made))

    for words in (
        compared.verdict.text,
        "associated with",
        "Share of the calls, share of the errors",
        "it is never a verdict",
        "shop.quote0",
        "ValueError",
        "claude-opus-4-6",
        "What this rests on",
        "rest on weak evidence",
    ):
        assert words in read.text
    assert "causes" not in read.text.replace("not what causes", "").replace("don't show causes", "")
    commit = f"https://forge.example/shop/commit/{AI.commit}"
    assert commit in {one["href"] for one in read.all("a")}


def test_the_stack_is_annotated(compared, made, tmp_path):
    """Frames of application code say who wrote their line; the others are folded."""
    file = SourceFile(
        "tests/report/render/page/conftest.py",
        "page/conftest.py",
        content_hash(b""),
        (Run(1, 99, AI),),
    )
    dump(tmp_path / "m", [file], revision=None, repository_url=None, policy={})

    read = Reader(render_page(compared, Manifest.load(tmp_path / "m"), made=made))

    assert "in fail   ◀ ai claude-code claude-opus-4-6 9fd81c200" in read.text


def test_without_a_verdict_no_part_has_one(of, made):
    """Too few to tell as a whole is too few to tell by route or by commit."""
    service = Service()
    service.span("total", by=AI, failed=True)
    service.span("stock", by=HUMAN, failed=True)

    read = Reader(render_page(of(service), None, made=made))

    sections = [one["id"] for one in read.all("section")]
    assert "Too few to tell" in read.text
    assert not {"routes", "excess"} & set(sections)
    assert "Ratio on the same routes" not in read.text


def test_where_failures_were_kept_no_share_is_drawn(of, made):
    """Counts of what was kept are told as such, and nothing is drawn that invites to compare."""
    service = Service()
    serve(service)

    read = Reader(render_page(of(service, sampled=Sampled.FAILURES), None, made=made))

    assert "No verdict: failures were kept" in read.text
    assert "Not comparable" in read.text
    assert read.all("rect") == []
    assert not {"routes", "excess"} & {one["id"] for one in read.all("section")}


def test_a_page_that_is_served_says_when_there_is_nothing(made):
    """It tells how to get something, and will show it when it comes."""
    read = Reader(render_empty_page("no traces received yet", made=made))

    assert "no traces received yet" in read.text
    assert [one["id"] for one in read.all("input")] == ["refresh"]
