from __future__ import annotations

import json

import pytest

CLAUDE = "Add it\n\nCo-Authored-By: Claude Opus 4.6 <noreply@anthropic.com>\n"


@pytest.fixture
def shop(repo):
    """A repository of two packages, one of them a model's."""
    repo.commit("src/shop/__init__.py", "")
    repo.commit("src/shop/cart.py", "a = 1\n" * 3, CLAUDE)
    repo.commit("src/pay/__init__.py", "b = 1\n", when="2020-01-01T00:00:00Z")
    return repo


def test_shares_for_a_person(shop, aiprov):
    """
    A person reads lines, files and share of each origin, and who says so.
    """
    status, out = aiprov("stats", shop.path)

    assert status == 0
    assert out.splitlines() == [
        "4 lines, by git",
        "origin  lines  files   share",
        "ai          3      1  75.0 %",
        "human       1      1  25.0 %",
        "",
        "25.0 % of the lines rest on weak evidence: no record, no mark",
        (
            "  25.0 % (1 line) are human because they are older than the first coding assistant "
            "(human_before): nothing to do"
        ),
    ]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("origin", ["ai", "human"]),
        ("agent", ["claude-code", None]),
        ("model", ["claude-opus-4-6", None]),
        ("evidence", ["co-author", "predates-ai"]),
        ("strength", ["commit", "weak"]),
        ("package", ["shop", "pay"]),
    ],
)
def test_shares_for_a_program(shop, aiprov, by, keys):
    """
    A program reads the shape of the contract, by each property that there is.
    """
    told = json.loads(aiprov("stats", shop.path, "--by", by, "--json")[1])

    assert (told["by"], told["total_lines"]) == (by, 4)
    assert [row["key"] for row in told["rows"]] == keys
    assert told["rows"][0] == {"key": keys[0], "lines": 3, "files": 1, "share": 0.75}


def test_the_manifest_and_git_say_the_same(shop, aiprov):
    """
    Whichever is asked, and it is said which, the shares are the same.
    """
    by_git = aiprov("stats", shop.path)[1].splitlines()
    aiprov("build", shop.path)
    by_manifest = aiprov("stats", shop.path)[1].splitlines()

    assert by_git[1:] == by_manifest[1:]
    assert by_manifest[0] == f"4 lines, by {shop.path / 'aiprov.manifest'}"


def test_a_manifest_without_its_repository(shop, aiprov, tmp_path):
    """
    Where git is not, a manifest is enough.
    """
    aiprov("build", shop.path, "--output", tmp_path / "m")

    assert "ai " in aiprov("stats", tmp_path, "--manifest", tmp_path / "m")[1]
