"""Values from JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import pytest

from aiprov_otel.report.document import read_dataclass


@dataclass(frozen=True)
class Leaf:
    name: str | None


@dataclass(frozen=True)
class Tree:
    leaf: Leaf | None
    leaves: tuple[Leaf, ...]
    pair: tuple[int, int]
    shares: Mapping[str, float]


@pytest.mark.parametrize(
    "value",
    [
        Tree(Leaf("a"), (Leaf("b"), Leaf(None)), (1, 2), {"exact": 0.5}),
        Tree(None, (), (0, 0), {}),
    ],
)
def test_what_was_written_reads_back(value):
    """Nested values, optional ones and tuples are what they were."""
    assert read_dataclass(Tree, asdict(value)) == value


@pytest.mark.parametrize("document", [None, [], {}, {"name": "a", "more": 1}, {"nome": "a"}])
def test_other_keys_are_refused(document):
    """A document of another shape is not read as one with holes."""
    with pytest.raises(TypeError, match="not a Leaf"):
        read_dataclass(Leaf, document)
