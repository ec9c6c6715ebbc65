"""Cobertura's XML, as `coverage xml` and the tools of other languages write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from aiprov_otel.coverage.values import FileCoverage

_TAKEN: Final = re.compile(r"\((\d+)/(\d+)\)")


def read(data: bytes) -> Iterator[FileCoverage]:
    """
    The files of the report *data*.

    Raises:
        ValueError, KeyError, ParseError: it is not such a report.
    """
    text = data.decode("utf-8")  # in UTF-16, the next line would miss what the parser finds
    if "<!ENTITY" in text:
        raise ValueError("it declares entities")
    root = ET.fromstring(text)  # noqa: S314 (of a text, the parser ignores a declared encoding)
    if root.tag != "coverage":
        msg = f"its root is <{root.tag}> and not <coverage>"
        raise ValueError(msg)
    folders = [source.text or "" for source in root.iter("source")]
    folder = f"{folders[0].rstrip('/')}/" if len(folders) == 1 and folders[0] else ""
    for part in root.iter("class"):
        lines = part.findall("./lines/line")
        hits = {int(line.attrib["number"]): int(line.attrib["hits"]) for line in lines}
        branches = {
            int(line.attrib["number"]): (int(taken[1]), int(taken[2]))
            for line in lines
            if (taken := _TAKEN.search(line.get("condition-coverage", "")))
        }
        name = part.attrib["filename"]
        yield FileCoverage(
            name if name.startswith("/") else f"{folder}{name}",
            frozenset(line for line, n in hits.items() if n),
            frozenset(line for line, n in hits.items() if not n),
            branches,
        )
