"""What the files name is what aiprov_otel sends."""

from __future__ import annotations

import re

import pytest

from aiprov_otel import attributes
from aiprov_otel.backends.files import texts

FILES = texts()
KEYS = {
    value for name, value in vars(attributes).items() if name.isupper() and isinstance(value, str)
}
SUFFIXES = {
    attributes.FUNCTION_CALLS: "_total",
    attributes.FUNCTION_TIME: "_seconds_total",
    attributes.FUNCTION_SELF_TIME: "_seconds_total",
    attributes.FUNCTION_DURATION: "_seconds_bucket",
    attributes.EXCEPTIONS: "_total",
    attributes.CODE_LINES: "",
}
"""What Prometheus adds to the name of a metric: its kind, and its unit unless an annotation."""

METRICS = {f"{name.replace('.', '_')}{suffix}" for name, suffix in SUFFIXES.items()}
LABELS = {key.replace(".", "_") for key in KEYS - SUFFIXES.keys()}


@pytest.mark.parametrize("name", FILES)
def test_every_name_of_ours_is_one_that_is_sent(name):
    """
    A key, label or metric that attributes.py does not know is a mistake in the file.
    """
    recorded = set(re.findall(r"record: (\S+)", "".join(FILES.values())))
    found = set(re.findall(r"\baiprov[._:][a-z][\w.:]*\w", FILES[name]))

    assert found - KEYS - LABELS - METRICS - recorded - {"aiprov_otel"} == set()


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
