"""Each page of docs/ is reachable."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NAVIGATION = yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]


def pages(section: Any) -> Iterator[str]:
    """The pages of *section* of the navigation, in order."""
    if isinstance(section, str):
        yield section
        return
    for entry in section.values() if isinstance(section, dict) else section:
        yield from pages(entry)


def test_the_navigation_leads_to_each_page():
    """
    Every page is in the navigation, once; decisions are linked from the pages that they explain.
    """
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}

    assert sorted(pages(NAVIGATION)) == sorted(
        page for page in written if not page.startswith("decisions/")
    )
