from __future__ import annotations

import pytest

from aiprov_otel.history.query import query_tree
from aiprov_otel.history.stats import advice, package, shares
from aiprov_otel.manifest import Run, SourceFile
from aiprov_otel.values import Evidence, Origin, Provenance
from support.notes import attested, note

AI = Provenance(Origin.AI, "claude-code", "claude-opus-4-6", evidence=Evidence.CO_AUTHOR)
HUMAN = Provenance(Origin.HUMAN, evidence=Evidence.PREDATES_AI)
FILES = [
    SourceFile("src/shop/cart.py", "shop/cart.py", "h1", (Run(1, 3, AI), Run(4, 2, HUMAN))),
    SourceFile("src/shop/api/v1.py", "shop/api/v1.py", "h2", (Run(1, 5, AI),)),
]


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("origin", [("ai", 8, 2, 0.8), ("human", 2, 1, 0.2)]),
        ("agent", [("claude-code", 8, 2, 0.8), (None, 2, 1, 0.2)]),
        ("model", [("claude-opus-4-6", 8, 2, 0.8), (None, 2, 1, 0.2)]),
        ("evidence", [("co-author", 8, 2, 0.8), ("predates-ai", 2, 1, 0.2)]),
        ("strength", [("commit", 8, 2, 0.8), ("weak", 2, 1, 0.2)]),
        ("package", [("shop", 5, 1, 0.5), ("shop.api", 5, 1, 0.5)]),
    ],
)
def test_lines_are_counted(by, rows):
    """
    Each row has its lines, the files that they are in, and their share; the largest comes first.
    """
    found = shares(FILES, by)

    assert found.total_lines == 10
    assert [(row.key, row.lines, row.files, row.share) for row in found.rows] == rows


def test_the_shape_that_programs_rely_on():
    """
    The JSON is that of the contract; what is not known is null.
    """
    assert shares(FILES, "agent").to_json()["rows"][1] == {
        "key": None,
        "lines": 2,
        "files": 1,
        "share": 0.2,
    }


def test_nothing_to_count():
    """
    A repository without a line has no shares, and fails at nothing.
    """
    assert shares([], "origin").to_json() == {"by": "origin", "total_lines": 0, "rows": []}


@pytest.mark.parametrize(
    ("path", "name"),
    [("shop/cart.py", "shop"), ("shop/api/v1.py", "shop.api"), ("tool.py", "tool")],
)
def test_the_package_of_a_module(path, name):
    """
    A package is named as it is imported; a module outside of one stands for itself.
    """
    assert package(path) == name


def test_marks_are_measured_against_records(repo):
    """
    Where marks find few of the recorded AI lines, no policy on unmarked lines is suggested.
    """
    commit = repo.commit("a.py", "a = 1\nb = 2\nc = 3\nd = 4\n")
    note(repo, commit, attested("a.py", "1-3"))
    answer = query_tree([repo.path], None)

    found = "\n".join(advice(answer.sources, answer.policy, answer.git))

    assert "of 3 lines that records call AI, commit marks find 0 (0.00%)" in found
    assert "unmarked_human_since" not in found


def test_the_step_that_would_make_most_lines_known(repo):
    """
    Lines of squashes whose requests are not here are counted, and the step is named.
    """
    repo.commit("b.py", "b = 1\n")
    repo.commit("a.py", "a = 1\nb = 2\n", "Add it (#12)")
    answer = query_tree([repo.path], None)

    *_, step = advice(answer.sources, answer.policy, answer.git)

    assert step.strip().startswith("most would be known by this step: fetch the pull requests")
    assert step.endswith("(up to 2 of the unknown lines)")
