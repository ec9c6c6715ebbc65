from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from aiprov_otel.cli import main as cli_main
from aiprov_otel.cli.main import VERBS, main


@pytest.mark.parametrize("verb", VERBS)
def test_an_argument_that_is_none(verb, capsys):
    """
    Wrong use of any verb is status 2 and one line, which says where to read on.
    """
    words = ["--nonsense"] if verb in {"run", "doctor"} else ["x", "--nonsense"]

    assert main([verb, *words]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("aiprov: ")
    assert verb in {"run", "doctor"} or line.endswith(f"see `aiprov {verb} --help`")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "the following arguments are required: VERB; see `aiprov --help`"),
        (["blam"], "invalid choice: 'blam' (choose from"),
        (["--nonsense"], "see `aiprov --help`"),
        (["blame"], "the following arguments are required: file; see `aiprov blame --help`"),
        (["stats", "--by", "x"], "argument --by: invalid choice: 'x'"),
        (
            ["check", "--min-known", "many"],
            "invalid float value: 'many'; see `aiprov check --",
        ),
        (["blame", "--json", "--porcelain", "a"], "not allowed with argument --json"),
        (["demo", "--requests", "none"], "use 1 or more; see `aiprov demo --help`"),
    ],
)
def test_wrong_arguments_are_one_line(words, said, capsys):
    """
    So is anything else that can be wrong with the arguments.
    """
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert said in printed.err


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["nonsense"]])
def test_the_list_of_verbs_imports_none_of_them(words):
    """
    `aiprov --help` answers from a table: no verb, and nothing that one needs, is imported.
    """
    code = (
        "import sys\nfrom aiprov_otel.cli.main import VERBS, main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(*sorted({*sys.modules} & {'opentelemetry', 'asyncio', 'dataclasses', 'subprocess', "
        "*(f'aiprov_otel.cli.{verb}' for verb in VERBS)}))"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)

    assert done.stdout.splitlines()[-1] == ""


def test_garbage_is_collected_as_before():
    """
    A program that calls `main` finds its collector on, or off, as it left it.
    """
    for switch in (gc.disable, gc.enable):
        switch()
        was = gc.isenabled()
        with pytest.raises(SystemExit):
            main(["stats", "--help"])
        assert gc.isenabled() is was


def test_no_garbage_is_collected_while_a_verb_is_imported(monkeypatch):
    """
    Nothing that an import makes is garbage.
    """
    enabled = []

    def make_parser(verbs):
        enabled.append(gc.isenabled())
        return made(verbs)

    made = cli_main.make_parser
    monkeypatch.setattr(cli_main, "make_parser", make_parser)  # the real one, with a look at gc
    with pytest.raises(SystemExit):
        main(["stats", "--help"])

    assert (enabled, gc.isenabled()) == ([False], True)
