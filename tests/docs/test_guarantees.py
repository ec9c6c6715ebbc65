"""docs/guarantees.md: each promise names a test that there is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (?!promise |---)(.+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/.]+\.py)?(?:::(\w+))?`")


def defined_in(path):
    """The names of the tests in the file at *path*."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_promise_names_a_test_that_exists():
    """A name without a file is in the file before it."""
    rows = ROW.findall((ROOT / "docs" / "guarantees.md").read_text())
    assert len(rows) > 80
    missing = []
    for _, tests in rows:
        path = None
        for given, name in NAMED.findall(tests):
            path = given or path
            if path is None or (name and name not in defined_in(path)):
                missing.append(f"{path}::{name}")
    assert missing == []
