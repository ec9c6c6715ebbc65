"""What a user can set, type or receive is described in the docs."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from aiprov_otel import attributes
from aiprov_otel.cli.blame import PORCELAIN
from aiprov_otel.cli.main import VERBS, main
from aiprov_otel.history.policy_schema import PARSERS
from aiprov_otel.manifest import Run, SourceFile, dump
from aiprov_otel.report.report import Report
from aiprov_otel.values import Evidence, Match, Origin, Provenance, Strength, Unit

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SOURCES = sorted(ROOT.glob("src/aiprov_otel/**/*.py"))
README = (ROOT / "README.md").read_text()
REFERENCE = ROOT / "docs" / "reference"
ATTRIBUTES = (REFERENCE / "attributes.md").read_text()
CLI = (REFERENCE / "cli.md").read_text()
CONFIGURATION = (REFERENCE / "configuration.md").read_text()
EVIDENCE = (ROOT / "docs" / "explanation" / "evidence.md").read_text()
MANIFEST = (REFERENCE / "manifest.md").read_text()
REPORT = (REFERENCE / "report.md").read_text()
MESSAGES = (REFERENCE / "messages.md").read_text()


def constants() -> list[str]:
    """Every attribute key."""
    named = vars(attributes).items()
    return [value for name, value in named if name.isupper() and isinstance(value, str)]


def parser_of(verb: str) -> argparse.ArgumentParser:
    """What reads the command line of *verb*."""
    verbs = argparse.ArgumentParser().add_subparsers()
    importlib.import_module(f"aiprov_otel.cli.{verb}").add(verbs)
    return verbs.choices[verb]


def said(pattern: str) -> list[str]:
    """What *pattern* finds in the sources, once each."""
    return sorted({found for path in SOURCES for found in re.findall(pattern, path.read_text())})


def keys(document: Any) -> Iterator[str]:
    """Every key of every object in a JSON *document*."""
    if isinstance(document, dict):
        yield from document
        document = list(document.values())
    for value in document if isinstance(document, list) else []:
        yield from keys(value)


@pytest.mark.parametrize("key", constants())
def test_every_attribute_is_described(key):
    """
    A reader who meets an attribute in a backend finds it in docs/reference/attributes.md.
    """
    assert f"`{key}`" in ATTRIBUTES


@pytest.mark.parametrize("value", [*Evidence, *Origin, *Match, *Unit, *Strength])
def test_every_value_is_described(value):
    """
    Each value of an attribute is there too, or on the page about evidence.
    """
    assert f"`{value}`" in ATTRIBUTES + EVIDENCE


@pytest.mark.parametrize("key", PARSERS)
def test_every_policy_key_is_described(key):
    """
    docs/reference/configuration.md describes every key of `[tool.aiprov]`.
    """
    assert f"\n| `{key}` |" in CONFIGURATION


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_listed_and_helps(verb, capsys):
    """
    The README lists each verb, and its `--help` shows an example.
    """
    assert f"`aiprov {verb}" in README

    with pytest.raises(SystemExit, match="0"):
        main([verb, "--help"])
    assert "example" in capsys.readouterr().out


def options() -> Iterator[tuple[str, str]]:
    """Each option of each verb."""
    for verb in VERBS:
        for option in re.findall(r"--?\w[\w-]*", parser_of(verb).format_usage()):
            if option != "-h":
                yield verb, option


@pytest.mark.parametrize(("verb", "option"), list(options()))
def test_every_option_is_described(verb, option):
    """
    The section of its verb in docs/reference/cli.md describes an option.
    """
    section = CLI.split(f"\n## aiprov {verb}\n")[1].split("\n## ")[0]

    assert re.search(rf"`(?:[^`]* )?{option}\b", section)


def fields_of(kind: Any) -> Iterator[str]:
    """Every key of the JSON of the dataclass *kind*, and of what it holds."""
    for name, hint in get_type_hints(kind).items():
        yield name
        for inner in (hint, *get_args(hint)):
            if is_dataclass(inner):
                yield from fields_of(inner)


@pytest.mark.parametrize("key", sorted(set(fields_of(Report))))
def test_every_key_of_the_report_is_described(key):
    """
    A program that reads `aiprov report --json` finds each key in docs/reference/report.md.
    """
    assert re.search(rf"`(\w+\.)?{key}(\[\])?`", REPORT)


def test_the_columns_of_porcelain_are_described():
    """
    Whoever writes an editor's plug-in finds the columns, in their order.
    """
    assert " ".join(f"`{name}`" for name in PORCELAIN) in CLI


@pytest.mark.parametrize("variable", said(r"\b(?:AIPROV|OTEL)_[A-Z_]+[A-Z]\b"))
def test_every_environment_variable_is_described(variable):
    """
    No environment variable is read, or set for a child, in secret.
    """
    assert f"`{variable}" in CONFIGURATION


@pytest.mark.parametrize(
    "slug", said(r"""warn\(\s*["']([a-z-]+)["']|\(([a-z]+(?:-[a-z]+)+)\)["'],""")
)
def test_every_warning_is_explained(slug):
    """
    The slug at the end of a warning leads to its cause and its cure.
    """
    assert f"### {''.join(slug)}\n" in MESSAGES


def test_every_explained_warning_exists():
    """
    docs/reference/messages.md explains no warning that is never logged.
    """
    text = "".join(path.read_text() for path in SOURCES)

    assert [
        slug for slug in re.findall(r"^### (\S+)", MESSAGES, re.MULTILINE) if slug not in text
    ] == []


def test_every_key_of_the_manifest_is_described(tmp_path):
    """
    A program that reads a manifest finds each of its keys in docs/reference/manifest.md.
    """
    full = Provenance(Origin.AI, "a", "m", "p", "c", "t", Evidence.NOTE, "shop.py")
    source = SourceFile("shop.py", "shop.py", "sha256:0", (Run(1, 1, full),))
    dump(tmp_path / "m", [source], revision="c", repository_url=None, policy={})

    with zipfile.ZipFile(tmp_path / "m") as archive:
        found = set(keys(json.loads(archive.read("manifest.json"))))

    assert {key for key in found if not re.search(rf"`(\w+(\[\])?\.)?{key}`", MANIFEST)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    """
    A relative link in the docs leads to a file that is there, and to a heading that is in it.
    """
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        if heading:
            assert heading in headings(linked), f"{target}#{heading}"


def headings(page: Path) -> list[str]:
    """The headings of *page* as they are addressed in a link."""
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-") for title in found]
