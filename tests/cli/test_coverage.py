from __future__ import annotations

import json

import pytest

from aiprov_otel.errors import UsageError
from support.measured import make_shop, measure


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop whose tests were run under coverage.py."""
    repo = make_shop(tmp_path_factory.mktemp("measured") / "shop")
    measure(repo)
    return repo


def test_covered_lines_by_origin(shop, aiprov):
    """
    A person reads how many lines of each origin tests executed, and what was not counted.
    """
    status, out = aiprov("stats", shop.path, "--coverage", shop.path / ".coverage")

    assert status == 0
    assert out.splitlines() == [
        "origin  lines  tested  share  branches  taken",
        "ai         11       8  72.7%",
        "human       4       3  75.0%         2      1",
        "",
        "lines that can be executed, in 3 files",
        "measured, not counted here: 1 file",
    ]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("agent", ["claude-code", None]),
        ("model", ["claude-opus-4-6", None]),
        ("package", ["shop"]),
        ("file", ["src/shop/cart.py", "src/shop/stock.py"]),
    ],
)
def test_covered_lines_for_a_program(shop, aiprov, by, keys):
    """
    A program reads the same by each property, from a report of another format.
    """
    given = ("--coverage", shop.path / "coverage.xml", "--by", by, "--json")
    told = json.loads(aiprov("stats", shop.path, *given)[1])

    assert [row["key"] for row in told["rows"]] == keys
    assert sum(row["statements"] for row in told["rows"]) == 15
    assert sum(row["covered"] for row in told["rows"]) == 11
    assert [path.rpartition("/")[2] for path in told["unmatched"]] == ["test_shop.py"]


def test_functions_without_a_test_edge_cases_first(shop, aiprov):
    """
    AI-written functions that no test calls are listed, behind those with an untested `except` or
    `raise`.
    """
    report = json.loads((shop.path / "coverage.json").read_text())
    cart = report["files"]["src/shop/cart.py"]
    cart["executed_lines"] = [1, 2, 3, 8, 13, 14]
    cart["missing_lines"] = [4, 5, 9, 10, 15]
    (shop.path / "fewer.json").write_text(json.dumps(report))

    given = ("--coverage", shop.path / "fewer.json", "--uncovered", "--json")
    told = json.loads(aiprov("stats", shop.path, *given)[1])["uncovered"]

    assert [(one["function"], one["edges"], one["never_called"]) for one in told] == [
        ("total", [4, 5], False),
        ("discount", [], True),
        ("Cart.add", [], True),
    ]
    shown = aiprov("stats", shop.path, "--coverage", shop.path / "fewer.json", "--uncovered")[1]
    assert "src/shop/cart.py:1  total  ai (claude-code, claude-opus-4-6)" in shown
    assert "  untested except or raise: 4, 5" in shown
    assert "  no test calls it" in shown


def test_a_table_for_a_pull_request(shop, aiprov):
    """
    The same as Markdown.
    """
    out = aiprov("stats", shop.path, "--coverage", shop.path / ".coverage", "--markdown")[1]

    assert out.splitlines()[:2] == [
        "| origin | lines | tested | share | branches | taken |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]


def test_coverage_of_another_repository_is_refused(shop, aiprov, tmp_path):
    """
    Coverage that names no file of this repository is one line, with what it names.
    """
    (tmp_path / "lcov.info").write_text("SF:/x/y.py\nDA:1,1\nend_of_record\n")

    with pytest.raises(UsageError, match=r"none of the 1 file .* /x/y.py; is it of this"):
        aiprov("stats", shop.path, "--coverage", tmp_path / "lcov.info")


@pytest.mark.parametrize(
    "given", [["--uncovered"], ["--coverage", "x", "--files", "--json"]], ids=" ".join
)
def test_options_that_do_not_go_together(shop, aiprov, given):
    """
    What needs coverage asks for it, and the record for an audit has none.
    """
    with pytest.raises(UsageError, match="coverage"):
        aiprov("stats", shop.path, *given)
