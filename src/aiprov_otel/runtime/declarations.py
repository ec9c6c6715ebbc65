"""What was stated by hand: provenance by code object, for the whole process."""

from __future__ import annotations

from types import CodeType
from typing import Final

from aiprov_otel.values import Provenance

_declared: Final[dict[int, tuple[CodeType, Provenance]]] = {}  # the code stays alive, and its id


def declare(code: CodeType, provenance: Provenance) -> None:
    """State the provenance of *code*."""
    _declared[id(code)] = (code, provenance)


def exist() -> bool:
    """Whether anything was stated at all."""
    return bool(_declared)


def declared(code: CodeType) -> Provenance | None:
    """What was stated about *code*."""
    return found[1] if (found := _declared.get(id(code))) else None
