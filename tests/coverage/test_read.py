from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from aiprov_otel.coverage.read import read_coverage
from aiprov_otel.errors import UsageError
from coverage import CoverageData
from support.measured import make_shop, measure

FORMATS = (".coverage", "coverage.json", "coverage.xml", "coverage.lcov")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop whose tests were run under coverage.py."""
    repo = make_shop(tmp_path_factory.mktemp("measured") / "shop")
    measure(repo)
    return repo


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_has_the_same_lines_and_branches(shop, name, monkeypatch):
    """
    What coverage.py wrote in four formats is read as the same lines and branches.
    """
    monkeypatch.chdir(shop.path)
    files = {
        file.path.rpartition("/")[2]: file for file in read_coverage(shop.path / name, shop.path)
    }

    cart, stock = files["cart.py"], files["stock.py"]
    assert (sorted(cart.covered), sorted(cart.missing)) == ([1, 2, 3, 4, 5, 8, 13, 14], [9, 10, 15])
    assert (sorted(stock.covered), sorted(stock.missing)) == ([1, 2, 3], [4])
    assert stock.branches == {2: (1, 2)}


def test_several_reports_of_a_file_are_merged(tmp_path):
    """
    A line that one of several runs executed is covered.
    """
    first = "TN:\nSF:a.py\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,-\nend_of_record\n"
    second = "SF:a.py\nDA:1,0\nDA:2,3\nDA:3,0\nend_of_record\n"
    (tmp_path / "lcov.info").write_text(first + second)

    [file] = read_coverage(tmp_path / "lcov.info", tmp_path)

    assert (file.covered, file.missing, file.branches) == ({1, 2}, {3}, {1: (1, 2)})


def test_no_code_of_a_repository_is_run(shop, tmp_path, monkeypatch):
    """
    Plug-ins and debug files that a repository's configuration of coverage.py names are left alone.
    """
    (tmp_path / "trap.py").write_text("open('sprung', 'w').close()\n")
    (tmp_path / ".coveragerc").write_text(
        "[run]\nplugins = trap\ndebug = trace\ndebug_file = written\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    assert read_coverage(shop.path / ".coverage", shop.path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".coveragerc", "trap.py"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not coverage that is known here"),
        (b"hello", "is not coverage that is known here"),
        (b"{}", "is not whole"),
        (b'{"files": []}', "is not whole"),
        (b'{"files": {}}', "holds no coverage of any file"),
        (json.dumps({"files": {"a.py": {"executed_lines": ["x"]}}}).encode(), "is not whole"),
        (b"[" * 100_000, "is not coverage that is known here"),
        (b'{"files": ' * 100_000, "is not whole"),
        (b"<coverage>", "is not whole"),
        (b"<html></html>", "its root is <html>"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><coverage/>', "it declares entities"),
        (b"SF:a.py\nDA:1\nend_of_record\n", "is not whole"),
        (b"SQLite format 3\0 and no more", "coverage.py can't read"),
    ],
)
def test_something_else_is_one_clear_error(tmp_path, content, reason):
    """
    A file of another kind, or half of one, is one line that names the file and the formats.
    """
    (tmp_path / "coverage").write_bytes(content)

    with pytest.raises(UsageError, match=reason) as raised:
        read_coverage(tmp_path / "coverage", tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-16", "utf-16-le"),
        ("utf-16", "utf-16"),
        ("utf-16", "utf-16-be"),
        ("latin-1", "latin-1"),
    ],
)
def test_entities_are_refused_in_every_encoding(tmp_path, declared, encoding):
    """
    No encoding brings entities past the check: a report that is not UTF-8 is refused.
    """
    entity = (
        f'<?xml version="1.0" encoding="{declared}"?><!DOCTYPE coverage [<!ENTITY é "e">]>'
        '<coverage><class filename="&é;.py"><lines><line number="1" hits="1"/></lines></class>'
        "</coverage>"
    )
    (tmp_path / "coverage.xml").write_bytes(entity.encode(encoding))

    with pytest.raises(UsageError, match=r"is not (whole|coverage that is known)") as raised:
        read_coverage(tmp_path / "coverage.xml", tmp_path)
    assert len(str(raised.value)) < 300


def test_an_error_does_not_quote_a_whole_file(tmp_path):
    """
    The error about a long word is a short line.
    """
    (tmp_path / "lcov.info").write_text(f"SF:a.py\nDA:{'x' * 100_000},1\nend_of_record\n")

    with pytest.raises(UsageError) as raised:
        read_coverage(tmp_path / "lcov.info", tmp_path)
    assert len(str(raised.value)) < 300 + len(str(tmp_path))


def test_data_can_not_name_what_is_not_a_file_of_the_repository(tmp_path, monkeypatch):
    """
    Of the files that data of coverage.py names, a pipe, a device, a link that leads outside and a
    file outside of the repository are left out, and nothing waits for them.
    """
    root = tmp_path / "shop"
    root.mkdir()
    monkeypatch.chdir(root)
    (tmp_path / "outside.py").write_text("a = 1\n")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    os.mkfifo(root / "pipe.py")
    (root / "cart.py").write_text("a = 1\nb = 2\n")
    names = ("cart.py", "link.py", "pipe.py", "gone.py")
    data = CoverageData(".coverage")
    data.add_lines(
        {f"{root}/{name}": [1] for name in names}
        | {name: [1] for name in ("/dev/zero", str(tmp_path / "outside.py"))}
    )
    data.close()

    [file] = read_coverage(root / ".coverage", root)

    assert file.path == str(root / "cart.py")
    assert (file.covered, file.missing) == ({1}, {2})


def test_files_of_plug_ins_and_huge_ones_are_left_out(tmp_path, monkeypatch):
    """
    What a plug-in of coverage.py measured is not Python, and no source has more than 64 MiB.
    """
    monkeypatch.chdir(tmp_path)
    for name in ("cart.py", "page.html"):
        Path(name).write_text("a = 1\n")
    with Path("huge.py").open("wb") as file:
        file.truncate(2**40)
    data = CoverageData(".coverage")
    data.add_lines({f"{tmp_path}/{name}": [1] for name in ("cart.py", "page.html", "huge.py")})
    data.add_file_tracers({f"{tmp_path}/page.html": "django_coverage_plugin.DjangoTemplatePlugin"})
    data.close()

    [file] = read_coverage(tmp_path / ".coverage", tmp_path)

    assert file.path == str(tmp_path / "cart.py")


def test_a_file_of_a_newer_python_is_one_clear_error(tmp_path, monkeypatch, recwarn):
    """
    It was executed by a Python that this one is older than: it is not taken for untested.
    """
    monkeypatch.chdir(tmp_path)
    Path("cart.py").write_text("a = 1\nwith it: be lazy\n")
    data = CoverageData(".coverage")
    data.add_lines({f"{tmp_path}/cart.py": [1]})
    data.close()

    with pytest.raises(UsageError, match=r"can't parse .*cart\.py: run aiprov with the Python of"):
        read_coverage(tmp_path / ".coverage", tmp_path)
    assert not recwarn.list


def test_an_empty_file_did_not_change(tmp_path, monkeypatch):
    """
    Without branches, coverage.py reports a line 0 of it, which no file has.
    """
    monkeypatch.chdir(tmp_path)
    Path("empty.py").touch()
    data = CoverageData(".coverage")
    data.add_lines({f"{tmp_path}/empty.py": [0]})
    data.close()

    [file] = read_coverage(tmp_path / ".coverage", tmp_path)

    assert file.lines == frozenset()


def test_an_installed_copy_has_a_next_step(tmp_path, monkeypatch):
    """
    Data about files elsewhere is an error that names how to map them.
    """
    monkeypatch.chdir(tmp_path)
    data = CoverageData(".coverage")
    data.add_lines({os.__file__: [1]})
    data.close()

    with pytest.raises(UsageError, match=r"or map an installed copy with \[paths\]"):
        read_coverage(tmp_path / ".coverage", tmp_path)


@pytest.mark.parametrize("name", [".coverage", "setup.cfg", ".coveragerc", ".coveragerc.toml"])
def test_a_pipe_is_one_clear_error(shop, tmp_path, monkeypatch, name):
    """
    A pipe in the place of the data, or of a configuration of coverage.py, is refused with one line.
    """
    monkeypatch.chdir(tmp_path)
    if name != ".coverage":
        shutil.copy(shop.path / ".coverage", ".coverage")
    os.mkfifo(name)

    with pytest.raises(UsageError, match=rf"{name} can't be read: it is not a regular file"):
        read_coverage(tmp_path / ".coverage", tmp_path)


def test_a_file_that_is_too_large_is_one_clear_error(tmp_path):
    """
    A file that no coverage needs to be is not read.
    """
    with (tmp_path / "lcov.info").open("wb") as file:
        file.truncate(2**40)

    with pytest.raises(UsageError, match="it is larger than"):
        read_coverage(tmp_path / "lcov.info", tmp_path)


def test_a_missing_file_is_one_clear_error(tmp_path):
    """
    So is a file that is not there, which says how one comes about.
    """
    with pytest.raises(UsageError, match="No such file or directory; run the tests with coverage"):
        read_coverage(tmp_path / ".coverage", tmp_path)
