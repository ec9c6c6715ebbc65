"""What was stated by hand: provenance by code object, for the whole process."""

from __future__ import annotations

from types import CodeType
from typing import Final

from aiprov_otel.values import Provenance

stated: Final[dict[int, tuple[CodeType, Provenance]]] = {}
"""What was stated, by the id of the code, which so stays alive; for those who look often."""


def declare(code: CodeType, provenance: Provenance) -> None:
    """State the provenance of *code*."""
    stated[id(code)] = (code, provenance)


def declared(code: CodeType) -> Provenance | None:
    """What was stated about *code*."""
    return found[1] if (found := stated.get(id(code))) else None
