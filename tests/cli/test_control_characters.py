"""No argument and no file name steers a terminal, forges a line, or fails its encoding."""

from __future__ import annotations

import pytest

from aiprov_otel.cli.main import main

EVIL = "\x1b]0;title\x07\x1b[2J\r\x9b1m\u202e\u2028\udcff\nfake"
"""Sets the title, clears the screen, returns, turns text round; a wrong byte; another line."""


@pytest.fixture
def hostile(repo, monkeypatch):
    """A repository with a file and a folder of that name, and the working directory."""
    name = EVIL.replace("\udcff", "")
    repo.commit("a.py", "a = 1\n")
    repo.commit(f"{name}/b.py", "b = '\x1b[2J'\n")
    (repo.path / f"{name}.link.py").symlink_to("a.py")
    repo.commit(f"{name}.py", "c = 1\n")
    monkeypatch.chdir(repo.path)
    return name


def shown(capsys) -> tuple[str, str]:
    """What was printed, after looking that nothing of it steers a terminal."""
    printed = capsys.readouterr()
    for text in printed:
        assert all(c.isprintable() or c in "\n\t" for c in text), ascii(text)
    return printed


@pytest.mark.parametrize(
    "words",
    [
        (EVIL,),
        (f"--{EVIL}",),
        ("build", EVIL),
        ("build", "--rev", EVIL),
        ("build", "--output", f"{EVIL}/none/m"),
        ("check", EVIL),
        ("check", "--manifest", EVIL),
        ("check", "--min-known", EVIL),
        ("check", "--min-known", "1", "--since", EVIL),
        ("blame", EVIL),
        ("blame", "--manifest", EVIL, "a.py"),
        ("explain", EVIL),
        ("explain", f"{EVIL}:1"),
        ("stats", EVIL),
        ("stats", "--by", EVIL),
        ("stats", "--manifest", EVIL),
        ("traceback", EVIL),
        ("run", "--", EVIL),
        ("doctor", "--", EVIL),
        ("serve", "--host", EVIL, "--store", "s.duckdb"),
        ("serve", "--port", EVIL),
        ("serve", "--store", f"none/{EVIL}/s.duckdb"),
        ("report", "--store", EVIL),
        ("report", "--from", EVIL),
        ("report", "--from", f"http://{EVIL}"),
        ("report", "--from", f"clickhouse://{EVIL}"),
        ("report", "--from", f"prometheus://{EVIL}"),
        ("report", "--fail-if-low", EVIL),
        ("dashboards", f"a.py/{EVIL}"),
        ("demo", "--requests", EVIL),
        ("demo", "--dir", f"a.py/{EVIL}"),
    ],
    ids=ascii,
)
def test_an_argument_is_escaped(hostile, capsys, words):
    """
    Wrong use is one line, with the argument in it as it would be typed in Python.
    """
    assert main(words) == 2
    output, complaint = shown(capsys)
    assert output == ""
    assert complaint.count("\n") == 1
    assert complaint.startswith("aiprov: ")


def test_names_of_files_are_escaped(hostile, capsys):
    """
    What the verbs print of a repository has its names, and what is in its files, escaped.
    """
    statuses = [
        main(words)
        for words in (
            ("build",),
            ("build", "--json"),
            ("check",),
            ("stats",),
            ("stats", "--by", "package"),
            ("stats", "--markdown"),
            ("stats", "--json", "--files"),
            ("blame", f"{hostile}.py"),
            ("blame", f"{hostile}/b.py"),
            ("blame", "--json", f"{hostile}.py"),
            ("blame", "--porcelain", f"{hostile}.py"),
            ("explain", f"{hostile}.py:1"),
            ("explain", "--json", f"{hostile}/b.py:1"),
            ("dashboards", hostile),
        )
    ]

    assert statuses == [0] * len(statuses)
    output, _ = shown(capsys)
    assert "\\x1b]0;title\\x07" in output
    assert "\nfake" not in output
