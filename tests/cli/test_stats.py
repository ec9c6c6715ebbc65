from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from aiprov_otel.errors import HistoryError, UsageError
from aiprov_otel.manifest import content_hash

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
        "origin  lines  files  share",
        "ai          3      1  75.0%",
        "human       1      1  25.0%",
        "",
        "25.0% of the lines rest on weak evidence: no record, no mark",
        (
            "  25.0% (1 line) are human because they are older than the first coding assistant "
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

    assert "ai " in aiprov("stats", "--manifest", tmp_path / "m")[1]


def test_bands_of_age(repo, aiprov):
    """
    By the time when a commit landed, the youngest first, what has none last.
    """
    now = datetime.now(UTC)
    for number, days in enumerate((10, 40, 200, 500, 900)):
        when = (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        repo.commit(f"m{number}.py", "a = 1\n" * (number + 1), when=when)
    repo.write("m0.py", "a = 1\nnew = 1\n")

    rows = json.loads(aiprov("stats", repo.path, "--by", "age", "--json")[1])["rows"]

    assert [(row["key"], row["lines"]) for row in rows] == [
        ("up to 1 month", 1),
        ("1 to 3 months", 2),
        ("3 to 12 months", 3),
        ("1 to 2 years", 4),
        ("over 2 years", 5),
        (None, 1),
    ]


def test_a_table_for_a_pull_request(shop, aiprov):
    """
    --markdown is a table that a forge shows, and what to do below it.
    """
    shop.commit("api_pb2.py", "a = 1\n")

    out = aiprov("stats", shop.path, "--by", "model", "--markdown")[1].splitlines()

    assert out[:4] == [
        "| model | lines | files | share |",
        "| --- | ---: | ---: | ---: |",
        "| claude-opus-4-6 | 3 | 1 | 60.0% |",
        "| unknown | 2 | 2 | 40.0% |",
    ]
    assert out[5].startswith("5 lines of commit ")
    assert out[6] == "* 40.0% of the lines rest on weak evidence: no record, no mark"
    assert out[7].startswith("  * 20.0% (1 line) are unmarked and unknown: have your agents mark")
    assert out[-1] == "* generated: 1 file, 1 line, counted like any other"


def test_the_record_for_an_audit(shop, aiprov):
    """
    Every file with its hash, and each run of its lines with origin, evidence and commit.
    """
    commit = shop.git("log", "-1", "--format=%H", "--", "src/shop/cart.py")

    out = aiprov("stats", shop.path, "--json", "--files")[1]
    told = json.loads(out)

    assert (told["format"], told["version"], told["by"], told["total_lines"]) == (
        "aiprov-record", 1, "origin", 4,
    )  # fmt: skip
    assert told["revision"] == shop.git("rev-parse", "HEAD")
    assert [file["path"] for file in told["files"]] == [
        "src/pay/__init__.py", "src/shop/__init__.py", "src/shop/cart.py",
    ]  # fmt: skip
    cart = told["files"][2]
    assert cart["hash"] == content_hash(b"a = 1\n" * 3)
    assert cart["runs"] == [
        {
            "first": 1,
            "last": 3,
            "origin": "ai",
            "agent": "claude-code",
            "model": "claude-opus-4-6",
            "provider": "anthropic",
            "commit": commit,
            "time": "2026-05-04T10:00:00Z",
            "evidence": "co-author",
            "strength": "commit",
        }
    ]
    assert str(shop.path) not in out
    assert "@" not in out


def test_the_record_is_the_same_whoever_is_asked(shop, aiprov):
    """
    By git, by a manifest, today or tomorrow: the same bytes, so that two of them can be compared.
    """
    by_git = aiprov("stats", shop.path, "--json", "--files")[1]
    aiprov("build", shop.path)

    assert aiprov("stats", shop.path, "--json", "--files")[1] == by_git
    shop.commit("src/shop/cart.py", "a = 1\n" * 2 + "b = 2\n")
    after = aiprov("stats", shop.path, "--json", "--files")[1]
    changed = set(after.splitlines()) ^ set(by_git.splitlines())
    assert not [line for line in changed if "pay/" in line]


def test_a_record_is_for_programs(shop, aiprov):
    """
    --files alone says what is missing.
    """
    with pytest.raises(UsageError, match="needs --json"):
        aiprov("stats", shop.path, "--files")


def test_only_what_is_below_a_folder(shop, aiprov):
    """
    Git, and a manifest of the whole, count the lines of the folder alone.
    """
    folder = shop.path / "src" / "pay"

    by_git = json.loads(aiprov("stats", folder, "--json")[1])
    aiprov("build", shop.path)
    by_manifest = json.loads(aiprov("stats", folder, "--json")[1])

    assert by_git["total_lines"] == by_manifest["total_lines"] == 1
    assert (by_git["said_by"], by_manifest["said_by"]) == (
        "git",
        str(shop.path / "aiprov.manifest"),
    )


def test_a_manifest_of_a_part_is_not_one_of_the_whole(shop, aiprov):
    """
    What was built for one folder does not answer for the repository.
    """
    aiprov("build", shop.path / "src/pay", "--output", shop.path / "aiprov.manifest")

    assert json.loads(aiprov("stats", shop.path, "--json")[1])["total_lines"] == 4


def test_a_work_tree_that_has_changed_is_asked_of_git(shop, aiprov):
    """
    A manifest answers only for the files that it was built from.
    """
    aiprov("build", shop.path)
    shop.write("src/shop/cart.py", "new = 1\n")

    assert json.loads(aiprov("stats", shop.path, "--json")[1])["said_by"] == "git"


def test_advice_that_was_followed_is_not_given_again(shop, aiprov):
    """
    Where the policy says since when agents mark their work, what is older just stays unknown.
    """
    shop.commit("src/shop/old.py", "a = 1\n", when="2024-01-01T00:00:00Z")
    before = aiprov("stats", shop.path)[1]
    shop.write("pyproject.toml", "[tool.aiprov]\nunmarked_human_since = 2025-01-01\n")

    after = aiprov("stats", shop.path)[1]

    assert "have your agents mark their commits" in before
    assert "have your agents mark their commits" not in after
    assert "20.0% (1 line) are unmarked, unknown and older than unmarked_human_since" in after


def test_the_advice_names_a_day_of_this_history(repo, aiprov):
    """
    The day since when marks are made is that of the oldest AI line; without any, there is none.
    """
    repo.commit("a.py", "a = 1\n")
    without = aiprov("stats", repo.path)[1]
    repo.commit("b.py", "b = 1\n", CLAUDE, when="2026-03-02T10:00:00Z")
    repo.commit("c.py", "c = 1\n", CLAUDE, when="2026-04-05T10:00:00Z")

    said = aiprov("stats", repo.path)[1]

    assert "set unmarked_human_since in [tool.aiprov] to the day when they began; or" in without
    assert "set unmarked_human_since = 2026-03-02 in [tool.aiprov], if they have" in said


def test_a_part_of_a_manifest(shop, aiprov, tmp_path, monkeypatch):
    """
    With --manifest, PATH is as the manifest names it, and no repository is needed.
    """
    aiprov("build", shop.path, "-o", tmp_path / "m")
    whole = json.loads(aiprov("stats", "--manifest", tmp_path / "m", "--json")[1])
    monkeypatch.chdir(tmp_path)

    part = json.loads(aiprov("stats", "src/pay/", "--manifest", tmp_path / "m", "--json")[1])

    assert 0 < part["total_lines"] < whole["total_lines"]
    with pytest.raises(UsageError, match="holds nothing at pay; give the path relative"):
        aiprov("stats", "pay", "--manifest", tmp_path / "m")


@pytest.mark.parametrize("verb", ["stats", "build"])
def test_a_path_that_is_not_there(shop, aiprov, verb):
    """
    A typing error in PATH is said to be one, however deep it is.
    """
    with pytest.raises(HistoryError, match=r"git tracks nothing at no/where in .*fix the path"):
        aiprov(verb, shop.path / "no" / "where")
