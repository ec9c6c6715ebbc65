"""What the files name is what aiprov_otel sends."""

from __future__ import annotations

import re

import pytest

from aiprov_otel.backends import texts
from support.named import KEYS, unsent

FILES = texts()


@pytest.mark.parametrize("name", FILES)
def test_every_name_is_one_that_is_sent(name):
    """
    A key, label or metric that attributes.py does not know is a mistake in the file.
    """
    assert unsent(FILES[name]) == set()


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_name_that_changed_would_be_noticed(key):
    """
    Whatever it is written as: in PromQL, TraceQL, SQL, a dashboard or the address of a link.
    """
    changed = f"{key}x"
    as_written = (
        f"SpanAttributes['{changed}']",
        f"{{ span.{changed} = 1 }}",
        f"{{ event.{changed} = 1 }}",
        f"&tags=%7B%22a%22%3A1%7D&q=%7B%20span.{changed}%20%7D",
    )

    assert [unsent(text) for text in as_written] == [{changed}] * len(as_written)


def test_the_readme_says_where_each_belongs():
    """
    Who finds the files in a repository knows what reads them: every folder, and no other.
    """
    folders = {name.partition("/")[0] for name in FILES if "/" in name}

    assert set(re.findall(r"^\| `(\w+)/` \|", FILES["README.md"], re.MULTILINE)) == folders
    for name in re.findall(r"\b(?:\w+/)[\w-]+\.(?:yaml|json|sql)\b", FILES["README.md"]):
        assert name in FILES


@pytest.mark.parametrize("name", FILES)
def test_every_file_ends_in_a_line(name):
    """
    What is committed makes no noise in a diff.
    """
    assert FILES[name].endswith("\n")
    assert not re.search(r"[ \t]$", FILES[name], re.MULTILINE)
