from __future__ import annotations

import runpy
import subprocess
from pathlib import Path

import pytest

from aiprov_otel.cli.completion import SHELLS
from support.command import invoke

SCRIPT = Path(__file__).parents[2] / "scripts" / "completions.py"
ASKED = """
eval "$1"
COMP_WORDS=(aiprov {words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
$(complete -p aiprov | sed 's/.*-F \\([^ ]*\\).*/\\1/') aiprov "${{COMP_WORDS[-1]}}" x
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def test_the_scripts_are_those_of_the_parsers(tmp_path):
    """
    `python scripts/completions.py` would change nothing.
    """
    runpy.run_path(str(SCRIPT))["main"](tmp_path)

    for shell in SHELLS:
        printed = invoke("completion", shell, cwd=tmp_path).stdout
        assert printed == (tmp_path / f"aiprov.{shell}").read_text(), f"run {SCRIPT.name}"


@pytest.mark.parametrize(
    ("words", "offered"),
    [("rev", "review"), ("review --cov", "--coverage"), ("completion z", "zsh")],
)
def test_bash_completes_verbs_options_and_values(tmp_path, words, offered):
    """
    Bash offers verbs, their options and the values of these.
    """
    script = invoke("completion", "bash", cwd=tmp_path).stdout

    done = subprocess.run(
        ["bash", "-c", ASKED.format(words=words), "bash", script], capture_output=True, text=True
    )

    assert offered in done.stdout.split(), done.stderr
