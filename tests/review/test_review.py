"""A change with everything that a reviewer looks for: each number leads to its lines."""

from __future__ import annotations

import json

import pytest

from support.command import invoke
from support.failing import failing_store
from support.measured import CLAUDE
from support.repo import BOB
from support.reviewed import BROKEN, REWRITTEN, make_branch

LCOV = "SF:src/shop/cart.py\n" + "".join(
    f"DA:{line},{hits}\n"
    for line, hits in [(1, 1), (2, 1), (3, 0), (6, 1), (7, 0), (10, 1), (11, 0)]
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A branch of a shop, coverage of its tests, and telemetry of a function that it changes."""
    repo = make_branch(tmp_path_factory.mktemp("reviewed") / "shop")
    (repo.path / "lcov.info").write_text(f"{LCOV}end_of_record\n")
    failing_store(repo.path / ".aiprov" / "telemetry.duckdb", repo.git("rev-parse", "main"))
    return repo


@pytest.fixture(scope="module")
def told(shop):
    """The review as a program reads it."""
    done = invoke("review", "--base", "main", *EVERYTHING, "--json", cwd=shop.path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


EVERYTHING = ("--coverage", "lcov.info", "--days", "9999")


def places(rows):
    """Places as a person reads them."""
    return [f"{row['path']}:{row['first']}-{row['last']}" for row in rows]


def test_added_lines_by_origin_and_model(told):
    """
    Added lines are counted by origin, agent, model and strength of evidence.
    """
    rows = [
        (row["origin"], row["model"], row["strength"], row["lines"], places(row["places"]))
        for row in told["added"]
    ]

    cart = ["src/shop/cart.py:2-3", "src/shop/cart.py:8-11"]
    assert rows == [
        ("ai", "claude-opus-4-6", "commit", 6, cart),
        ("unknown", None, "weak", 1, ["src/shop/stock.py:1-1"]),
    ]
    assert told["lines"] == 7
    assert places(told["weak"]) == places(told["unknown"]) == ["src/shop/stock.py:1-1"]


def test_ai_written_and_untested(told):
    """
    Of the added AI-written lines that can be executed, those that tests did not.
    """
    untested = told["untested_ai"]

    assert (untested["lines"], untested["untested"], untested["share"]) == (4, 2, 0.5)
    assert places(untested["places"]) == ["src/shop/cart.py:3-3", "src/shop/cart.py:11-11"]


def test_functions_that_failed_lately(told):
    """
    Added lines in functions that failed are there with the errors; functions that the change
    leaves alone, and those of the same name elsewhere, are not.
    """
    [function] = told["failing"]

    assert (function["function"], function["errors"]) == ("shop.cart.total", 3)
    assert places(function["added"]) == ["src/shop/cart.py:2-3"]
    assert [(row["type"], row["line"]) for row in function["failed"]] == [("ZeroDivisionError", 2)]


def test_a_replaced_repair(told, shop):
    """
    AI-written lines that replace what a person put into AI-written code name both commits.
    """
    [repair] = told["replaced_repairs"]

    assert places([repair]) == ["src/shop/cart.py:2-3"]
    assert repair["repair"] == shop.git("rev-parse", "main")
    assert repair["repaired"] == [shop.git("rev-parse", "main~1")]


def test_lines_of_a_file_that_was_not_measured_are_untested(shop):
    """
    Of a file that coverage does not hold, no AI-written line that can be executed is tested: they
    are listed by themselves, and the gate counts them.
    """
    (shop.path / "empty.info").write_text("SF:src/shop/other.py\nDA:1,1\nend_of_record\n")

    done = invoke(
        *("review", "--base", "main", "--coverage", "empty.info", "--days", "9999", "--json"),
        cwd=shop.path,
    )

    untested = json.loads(done.stdout)["untested_ai"]
    assert (untested["lines"], untested["untested"], untested["share"]) == (4, 4, 1)
    assert untested["places"] == []
    assert places(untested["unmeasured"]) == ["src/shop/cart.py:2-3", "src/shop/cart.py:10-11"]
    pyproject = shop.path / "pyproject.toml"
    committed = pyproject.read_text()
    try:
        pyproject.write_text(f"{committed}[tool.aiprov.review]\nmax_untested_ai = 0.9\n")
        done = invoke("review", "--base", "main", "--coverage", "empty.info", cwd=shop.path)
    finally:
        pyproject.write_text(committed)
    assert done.returncode == 1
    assert "max_untested_ai is 1, above the limit of 0.9" in done.stderr
    assert "Of these, in files without coverage of this version: 4 lines" in done.stdout


def test_lines_that_were_not_measured_are_annotated(shop):
    """
    In GitHub Actions, they say that no coverage is about them, and not that no test runs them.
    """
    (shop.path / "empty.info").write_text("SF:src/shop/other.py\nDA:1,1\nend_of_record\n")

    done = invoke("review", "--base", "main", "--coverage", "empty.info", "--github", cwd=shop.path)

    title = "title=AI-written%2C not measured"
    marked = [line for line in done.stdout.splitlines() if title in line]
    assert len(marked) == 2
    assert marked[0].startswith("::warning file=src/shop/cart.py,line=2,endLine=3,")


def test_files_that_git_does_not_track_are_named(shop):
    """
    A new file is in no difference of git's: one line counts what the review is without.
    """
    new = shop.path / "src/shop/new.py"
    new.write_text("a = 1\n")
    try:
        done = invoke("review", "--base", "main", cwd=shop.path)
    finally:
        new.unlink()

    assert "git does not track 1 Python file, so the review is without" in done.stderr
    assert "git add src/shop/new.py" in done.stderr


def test_one_screen_for_a_person(shop):
    """
    A person reads each section on one screen.
    """
    done = invoke("review", "--base", "main", *EVERYTHING, cwd=shop.path)

    titles = [line for line in done.stdout.splitlines() if line[:1].isupper() or line[:1].isdigit()]
    assert titles == [
        f"7 lines added since {shop.git('rev-parse', 'main')[:9]}",
        "AI-written and untested: 2 of 4 lines (50.0%)",
        "In functions that failed lately",
        "AI-written, replacing a person's repair of AI-written lines: 2 lines",
        "Weak or missing evidence: 1 line (14.3%)",
    ]
    assert "3 ZeroDivisionError at line 2" in done.stdout
    assert len(done.stdout.splitlines()) < 40


def test_markdown_is_the_same_each_time(shop):
    """
    A comment on a pull request can be found by its first line and updated in place: it has no
    time of day, and text is code, so that it mentions nobody.
    """
    first, again = (
        invoke("review", "--base", "main", *EVERYTHING, "--markdown", cwd=shop.path).stdout
        for _ in range(2)
    )

    assert first == again
    assert first.startswith("<!-- aiprov review -->\n")
    assert "| `shop.cart.total` | `src/shop/cart.py:2-3` | 3 |" in first


def test_annotations_and_the_summary_of_a_job(shop, tmp_path, monkeypatch):
    """
    In GitHub Actions, each finding is an annotation of its lines, and the job has the Markdown.
    """
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))

    done = invoke("review", "--base", "main", *EVERYTHING, "--github", cwd=shop.path)

    lines = done.stdout.splitlines()
    assert lines[0] == (
        "::warning file=src/shop/cart.py,line=3,endLine=3,title=AI-written%2C untested::"
        "no test executed these lines"
    )
    assert "title=Failed in production::shop.cart.total failed 3 times lately" in lines[2]
    assert "title=Replaces a repair" in lines[3]
    assert (tmp_path / "summary.md").read_text().startswith("<!-- aiprov review -->\n")


@pytest.mark.parametrize(
    ("gate", "fails", "passes", "given"),
    [
        ("max_untested_ai", "0.49", "0.5", EVERYTHING[:2]),
        ("max_unknown", "0.14", "0.15", ()),
        ("max_weak", "0.14", "0.15", ()),
        ("max_failing", "0", "1", EVERYTHING[2:]),
        ("max_replaced_repairs", "1", "2", ()),
    ],
)
def test_each_gate_fails_and_passes(shop, gate, fails, passes, given):
    """
    A gate exits with 1 above its limit and names it, and with 0 at the limit.
    """
    pyproject = shop.path / "pyproject.toml"
    committed = pyproject.read_text()
    try:
        for limit, status in ((fails, 1), (passes, 0)):
            pyproject.write_text(f"{committed}[tool.aiprov.review]\n{gate} = {limit}\n")
            done = invoke("review", "--base", "main", *given, cwd=shop.path)
            assert done.returncode == status, done.stdout + done.stderr
            assert (f"{gate} is" in done.stderr) == bool(status)
            assert "The change edits pyproject.toml" in done.stdout
    finally:
        pyproject.write_text(committed)


def test_a_gate_that_can_not_be_checked_is_an_error(tmp_path):
    """
    A limit for what was not measured is one line that says what to give.
    """
    policy = "[tool.aiprov.review]\nmax_untested_ai = 0.2\nmax_failing = 0\n"
    repo = make_branch(tmp_path / "shop", policy)

    done = invoke("review", "--base", "main", cwd=repo.path)

    assert done.returncode == 2
    assert "can't be checked without --coverage FILE" in done.stderr


def test_a_change_without_python_and_one_that_is_not_committed(tmp_path):
    """
    A change of other files adds no lines; a line that is not committed is unknown; a renamed file
    has only its changed lines.
    """
    repo = make_branch(tmp_path / "shop")
    repo.commit("README.md", "Hello\n")
    nothing = json.loads(invoke("review", "--base", "topic~1", "--json", cwd=repo.path).stdout)
    assert nothing["lines"] == 0
    repo.git("mv", "src/shop/cart.py", "src/shop/basket.py")
    repo.write("src/shop/basket.py", f"{REWRITTEN}# more\n")

    told = json.loads(invoke("review", "--base", "topic", "--json", cwd=repo.path).stdout)

    [row] = told["added"]
    assert (row["origin"], places(row["places"])) == ("unknown", ["src/shop/basket.py:12-12"])


@pytest.mark.parametrize("attribute", ["-diff", "binary"])
def test_no_attribute_hides_lines_of_a_change(tmp_path, attribute):
    """
    A change that calls its Python files binary is reviewed like any other; one that renames a file
    adds no lines.
    """
    repo = make_branch(tmp_path / "shop")
    repo.git("mv", "src/shop/__init__.py", "src/shop/empty.py")
    repo.commit(".gitattributes", f"*.py {attribute}\n")

    told = json.loads(invoke("review", "--base", "main", "--json", cwd=repo.path).stdout)

    assert told["lines"] == 7


@pytest.mark.parametrize("by", [BOB, None], ids=["a person", "a model"])
def test_only_repairs_by_people_count(tmp_path, by):
    """
    A model that rewrites a model's own repair replaces no person's.
    """
    repo = make_branch(tmp_path / "shop")
    text = BROKEN.replace("sorted(cart)", "sorted(cart or ())")
    repo.commit("src/shop/cart.py", text, "Fix it" if by else CLAUDE, author=by or BOB)
    repo.git("switch", "--quiet", "-c", "next")
    repo.commit("src/shop/cart.py", text.replace("cart or ()", "cart if cart else []"), CLAUDE)

    told = json.loads(invoke("review", "--base", "topic", "--json", cwd=repo.path).stdout)

    assert len(told["replaced_repairs"]) == bool(by)


def test_a_base_that_is_not_there(tmp_path):
    """
    A base that this clone lacks is one line, with the way to get it.
    """
    repo = make_branch(tmp_path / "shop")

    done = invoke("review", "--base", "origin/main", cwd=repo.path)

    assert done.returncode == 2
    assert "or fetch it" in done.stderr
