from __future__ import annotations

from pathlib import Path

import pytest

from aiprov_otel.coverage.values import FileCoverage
from aiprov_otel.manifest import Run, SourceFile
from aiprov_otel.review.tested import covered_by, match
from aiprov_otel.values import Evidence, Origin, Provenance

AI = Provenance(Origin.AI, agent="claude-code", model="opus", evidence=Evidence.CO_AUTHOR)


def source(path, import_path=None, lines=4):
    """A file that a model wrote."""
    return SourceFile(path, import_path or path, "", (Run(1, lines, AI),))


def measured(path, covered=(1,), missing=(2,), branches=()):
    """What tests executed of a file."""
    return FileCoverage(path, frozenset(covered), frozenset(missing), dict(branches))


SHOP = (source("src/shop/cart.py", "shop/cart.py"), source("setup.py"))


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("src/shop/cart.py", "src/shop/cart.py"),
        ("src\\shop\\cart.py", "src/shop/cart.py"),
        ("/repo/src/shop/cart.py", "src/shop/cart.py"),
        ("/builds/other/src/shop/cart.py", "src/shop/cart.py"),
        ("/venv/lib/python3.13/site-packages/shop/cart.py", "src/shop/cart.py"),
        ("/venv/lib/python3.13/site-packages/other/shop/cart.py", None),
        ("setup.py", "setup.py"),
        ("/repo/setup.py", "setup.py"),
        ("/repo/vendored/setup.py", None),
        ("docs/setup.py", None),
        ("cart.py", None),
    ],
)
def test_a_measured_file_is_found_by_its_path(path, found):
    """
    Wherever tests ran, a file is found by the longest tail of its path; one in another folder is
    not taken for one of the same name at the top.
    """
    tested = match(SHOP, [measured(path)], Path("/repo"))

    assert list(tested.files) == ([found] if found else [])
    assert tested.unmatched == (() if found else (path,))


def test_a_project_of_single_modules_is_found_on_any_machine():
    """
    Where the repository holds no folders, the name of a file is enough.
    """
    tested = match([source("six.py")], [measured("/elsewhere/six.py")], Path("/repo"))

    assert list(tested.files) == ["six.py"]


def test_lines_and_branches_are_counted_by_any_property():
    """
    Covered lines and branches are counted over the lines that can be executed.
    """
    file = measured("setup.py", covered=(1, 2, 3), missing=(4,), branches={2: (1, 2)})
    tested = match(SHOP, [file], Path("/repo"))

    [row] = covered_by(tested, "model")

    assert (row.key, row.statements, row.covered, row.share) == ("opus", 4, 3, 0.75)
    assert (row.branches, row.covered_branches) == (2, 1)


@pytest.mark.parametrize(
    ("text", "stale"),
    [
        ("A = 1\nB = 2\n", ()),
        ("A = (\n\n    1\n)\n", ("setup.py",)),
        ("# A = 1\n\nB = 2\n", ("setup.py",)),
        ("not Python", ()),
    ],
)
def test_a_file_that_changed_since_is_left_out(tmp_path, text, stale):
    """
    Coverage about lines that can't be executed is of another version of the file: it is left out
    and named.
    """
    (tmp_path / "setup.py").write_text(text)

    tested = match(SHOP, [measured("setup.py", covered=(1,), missing=(2,))], tmp_path)

    assert tested.stale == stale
    assert list(tested.files) == [path for path in ["setup.py"] if path not in stale]
